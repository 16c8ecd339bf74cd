import { hasCode, HeddleError, type RunOutcome } from "@heddle/kernel";
import type { Ending } from "./ending.ts";
import type { NodeHost } from "./node-host.ts";

/** Hints may fail to come: so often the store is asked about a run that is not under way here. Stores keep it in mind for twice as long. */
const pollMs = 5_000;

/** How a run ends, wherever it runs: told when it ends in this process, else read from its journal once the store says that it has. */
export async function waitForOutcome(host: NodeHost, runId: string, signal: AbortSignal | undefined): Promise<RunOutcome> {
  signal?.throwIfAborted();
  for (;;) {
    const ending = host.runs.get(runId)?.ending ?? null;
    const told = ending === null ? await endElsewhere(host, runId, signal) : await endHere(ending, signal);
    signal?.throwIfAborted();
    if (told !== null) return told;
  }
}

/** Null: it was parked, given up, or the wait was broken off. */
export function endHere(ending: Ending, signal: AbortSignal | undefined): Promise<RunOutcome | null> {
  return new Promise((resolve) => {
    ending.wait(resolve);
    if (signal === undefined) return;
    const stop = (): void => {
      ending.forget(resolve);
      resolve(null);
    };
    signal.addEventListener("abort", stop, { once: true });
    ending.wait(() => signal.removeEventListener("abort", stop));
  });
}

/** Look at the store; if the run has not ended, wait until there is a reason to look again. */
async function endElsewhere(host: NodeHost, runId: string, signal: AbortSignal | undefined): Promise<RunOutcome | null> {
  const open: Disposable[] = [];
  try {
    return await new Promise<RunOutcome | null>((resolve, reject) => {
      const again = (): void => resolve(null);
      open.push(host.endWaiters.add(runId, resolve), host.hub.onHint(runId, again), host.clock.after(pollMs, again));
      signal?.addEventListener("abort", again, { once: true });
      open.push({ [Symbol.dispose]: () => signal?.removeEventListener("abort", again) });
      storedEnd(host, runId).then(
        (outcome) => {
          if (outcome !== null) resolve(outcome);
        },
        (error: unknown) => {
          // A store that does not answer now is asked again: a run's end is waited for, however long that takes.
          if (!hasCode(error, "STORE_UNAVAILABLE")) reject(error);
        },
      );
    });
  } finally {
    for (const each of open) each[Symbol.dispose]();
  }
}

async function storedEnd(host: NodeHost, runId: string): Promise<RunOutcome | null> {
  if (host.state.failure !== null) throw host.state.failure;
  if (host.state.closed)
    throw new HeddleError("ENGINE_CLOSED", "The engine was closed while the result was awaited: open one on the same store and ask again.");
  const row = await host.store.expectEnd(runId);
  if (row === null) throw new HeddleError("RUN_DELETED", `Run ${runId} was deleted while its result was awaited.`, { data: { runId } });
  if (row.endedAtMs === null) return null;
  // An end is the last that its owner records.
  const [last] = await host.reader.last(runId, 1);
  return last?.event.type === "run-ended" ? last.event.outcome : null;
}
