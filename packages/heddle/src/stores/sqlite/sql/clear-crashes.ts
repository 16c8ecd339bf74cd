import type { Connection } from "../connection.ts";

export function clearCrashes(connection: Connection): (run: number) => void {
  const update = connection.statement("UPDATE heddle_run SET crashes = 0 WHERE run = ?");
  return (run) => void update.run(run);
}
