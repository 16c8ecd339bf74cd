import type { Connection } from "../connection.ts";

/** Remove all snapshots of a run: it has ended, and its journal is whole. */
export function dropSnapshots(connection: Connection): (run: number) => void {
  const remove = connection.statement("DELETE FROM heddle_snapshot WHERE run = ?");
  return (run) => void remove.run(run);
}
