import { HeddleError, type WholeRun } from "@heddle/kernel";
import { movedText } from "./moved-text.ts";

/** @param what the store is called, at the beginning of a sentence */
export function storeMoved(what: string, to: string): HeddleError {
  return new HeddleError("STORE_MOVED", movedText(what, to), { data: { to } });
}

/** @throws HeddleError `OPTION_INVALID` a run has an owner, in another store */
export function checkAtRest(runs: readonly WholeRun[]): void {
  const running = runs.find(({ row }) => row.status === "running");
  if (running === undefined) return;
  const { runId, owner } = running.row;
  throw new HeddleError("OPTION_INVALID", `Run ${runId} is run by node ${owner} and cannot be imported: let it be given up first.`, {
    data: { runId, owner },
  });
}
