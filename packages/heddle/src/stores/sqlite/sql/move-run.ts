import type { Connection } from "../connection.ts";

export interface MoveRun {
  readonly run: number;
  readonly kind: number;
  readonly status: number;
  readonly wakeAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly dead: string | null;
  readonly note: string | null;
  readonly mailSeen: number;
  readonly crashes: number;
}

/** Put a run into a status that has no owner. */
export function moveRun(connection: Connection): (move: MoveRun) => void {
  const update = connection.statement(
    `UPDATE heddle_run SET kind = ?, status = ?, owner = NULL, held = NULL, due_at = NULL, wake_at = ?, ended_at = ?, dead = ?, note = ?, mail_seen = ?, crashes = ?
     WHERE run = ?`,
  );
  return (move) => {
    update.run(move.kind, move.status, move.wakeAtMs, move.endedAtMs, move.dead, move.note, move.mailSeen, move.crashes, move.run);
  };
}
