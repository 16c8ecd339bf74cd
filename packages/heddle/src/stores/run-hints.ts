import type { RunId } from "@heddle/kernel";

/** Who wants to hear that runs changed. Hints go out in a microtask of their own, never inside the call that caused them. */
export class RunHints {
  readonly #calls = new Set<(runId: RunId | null) => void>();
  #waiting: (RunId | null)[] = [];

  get watched(): boolean {
    return this.#calls.size > 0;
  }

  add(call: (runId: RunId | null) => void): Disposable {
    // A function of our own, so that one that is given twice is called twice and removed once.
    const own = (runId: RunId | null): void => call(runId);
    this.#calls.add(own);
    return { [Symbol.dispose]: () => void this.#calls.delete(own) };
  }

  give(runId: RunId | null): void {
    if (this.#calls.size === 0) return;
    const count = this.#waiting.length;
    if (count === 0) queueMicrotask(() => this.#send());
    else if (this.#waiting[count - 1] === runId) return;
    this.#waiting.push(runId);
  }

  clear(): void {
    this.#calls.clear();
  }

  #send(): void {
    const runIds = this.#waiting;
    this.#waiting = [];
    for (const runId of runIds) for (const call of this.#calls) call(runId);
  }
}
