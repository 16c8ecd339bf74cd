import type { Connection } from "../connection.ts";

/** Remove events up to a seq, and note how far. */
export function compactJournal(connection: Connection): (run: number, throughSeq: number) => void {
  const remove = connection.statement("DELETE FROM heddle_journal WHERE event > ?1 << 32 AND event <= (?1 << 32 | ?2)");
  const note = connection.statement("UPDATE heddle_run SET base = ?1 WHERE run = ?2 AND base < ?1");
  return (run, throughSeq) => {
    if (note.run(throughSeq, run) > 0) remove.run(run, throughSeq);
  };
}
