import type { RunId, StoreHint } from "@heddle/kernel";

/** Who wants to hear that runs changed. Hints go out in a microtask of their own, never inside the call that caused them. */
export class RunHints {
  readonly #calls = new Set<(runId: RunId | null, what: StoreHint) => void>();
  #waiting: { readonly runId: RunId | null; readonly what: StoreHint }[] = [];

  get watched(): boolean {
    return this.#calls.size > 0;
  }

  add(call: (runId: RunId | null, what: StoreHint) => void): Disposable {
    // A function of our own, so that one that is given twice is called twice and removed once.
    const own = (runId: RunId | null, what: StoreHint): void => call(runId, what);
    this.#calls.add(own);
    return { [Symbol.dispose]: () => void this.#calls.delete(own) };
  }

  give(runId: RunId | null, what: StoreHint): void {
    if (this.#calls.size === 0) return;
    const last = this.#waiting.at(-1);
    if (last === undefined) queueMicrotask(this.#send);
    else if (last.runId === runId && last.what === what) return;
    this.#waiting.push({ runId, what });
  }

  clear(): void {
    this.#calls.clear();
  }

  readonly #send = (): void => {
    const hints = this.#waiting;
    this.#waiting = [];
    for (const { runId, what } of hints) for (const call of this.#calls) call(runId, what);
  };
}
