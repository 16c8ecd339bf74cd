import type { HeddleError, RunOutcome } from "@heddle/kernel";
import type { Ending } from "../ending.ts";

type Call = (outcome: RunOutcome | null) => void;

/** Those in this process who wait for the end of a run that was not under way here when they asked. Of one that is, its `Ending` tells. */
export class EndWaiters {
  readonly #calls = new Map<string, Set<Call>>();

  /** Calls back when the run ends in this process, or with null when this process stops running it. */
  add(runId: string, call: Call): Disposable {
    let waiters = this.#calls.get(runId);
    if (waiters === undefined) {
      waiters = new Set();
      this.#calls.set(runId, waiters);
    }
    waiters.add(call);
    return {
      [Symbol.dispose]: () => {
        waiters.delete(call);
        if (waiters.size === 0 && this.#calls.get(runId) === waiters) this.#calls.delete(runId);
      },
    };
  }

  tell(runId: string, outcome: RunOutcome | null): void {
    if (this.#calls.size === 0) return;
    for (const call of this.#calls.get(runId) ?? []) call(outcome);
  }

  /** No end will ever be told here, nor of the runs of these endings. */
  fail(endings: readonly Ending[], { code, message }: HeddleError): void {
    const outcome: RunOutcome = { status: "failed", error: { name: "HeddleError", code, message } };
    for (const ending of endings) ending.tell(outcome);
    for (const waiters of this.#calls.values()) for (const call of waiters) call(outcome);
    this.#calls.clear();
  }
}
