import type { Connection } from "../connection.ts";

export interface ConsumeMail {
  /** Remove mail up to a number. */
  remove(run: number, mailSeen: number): void;
  /** Note the number, where no other change of the run's row does it. */
  note(run: number, mailSeen: number): void;
}

export function consumeMail(connection: Connection): ConsumeMail {
  const remove = connection.statement("DELETE FROM heddle_mail WHERE run = ? AND seq <= ?");
  const note = connection.statement("UPDATE heddle_run SET mail_seen = ? WHERE run = ?");
  return { remove: (run, mailSeen) => void remove.run(run, mailSeen), note: (run, mailSeen) => void note.run(mailSeen, run) };
}
