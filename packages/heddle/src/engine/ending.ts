import type { RunOutcome } from "@heddle/kernel";

type Call = (outcome: RunOutcome | null) => void;

/** How a run that this process owns comes to its end, for those in the process who wait for it. */
export class Ending {
  /** Once it has ended here. */
  outcome: RunOutcome | null = null;
  #calls: Call[] = [];

  /** Called once: with the outcome, or with null when this process stops running it. */
  wait(call: Call): void {
    this.#calls.push(call);
  }

  forget(call: Call): void {
    this.#calls = this.#calls.filter((each) => each !== call);
  }

  tell(outcome: RunOutcome | null): void {
    this.outcome ??= outcome;
    if (this.#calls.length === 0) return;
    const calls = this.#calls;
    this.#calls = [];
    for (const call of calls) call(outcome);
  }
}
