import type { Connection } from "../connection.ts";

export interface Duties {
  /** False: another node's time for it is not over. */
  take(duty: string, node: number, untilMs: number, leaseMs: number, nowMs: number): boolean;
  /** Those of nodes that were declared dead are free. */
  freeOfDead(): void;
  freeOf(node: number): void;
}

export function duties(connection: Connection): Duties {
  const take = connection.statement(
    `INSERT INTO heddle_duty (duty, node, until, lease) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (duty) DO UPDATE
       SET node = excluded.node, until = excluded.until, lease = excluded.lease WHERE node = excluded.node OR until < ?5 OR until - 2 * lease > ?5`,
  );
  const freeOfDead = connection.statement("DELETE FROM heddle_duty WHERE node IN (SELECT node FROM heddle_node WHERE died_at IS NOT NULL)");
  const freeOf = connection.statement("DELETE FROM heddle_duty WHERE node = ?");
  return {
    take: (duty, node, untilMs, leaseMs, nowMs) => take.run(duty, node, untilMs, leaseMs, nowMs) === 1,
    freeOfDead: () => void freeOfDead.run(),
    freeOf: (node) => void freeOf.run(node),
  };
}
