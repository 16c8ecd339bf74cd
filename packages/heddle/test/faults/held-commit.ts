import type { CommitBatch, CommitVerdict, RunStore } from "@heddle/kernel";

/** Holds one commit of an engine in the middle: before the store has it, or when the store has it and the engine is not told yet. */
export class HeldCommit implements Disposable {
  readonly #when: "before" | "after";
  readonly #reached = Promise.withResolvers<void>();
  readonly #open = Promise.withResolvers<void>();
  #wanted: ((batch: CommitBatch) => boolean) | null = null;

  constructor(when: "before" | "after") {
    this.#when = when;
  }

  readonly wrap = (store: RunStore): RunStore =>
    new Proxy(store, {
      get: (target, name): unknown => {
        if (name === "commit") return (batch: CommitBatch) => this.#commit(target, batch);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });

  /** Hold the next commit that is wanted. Resolves when it is held. */
  hold(wanted: (batch: CommitBatch) => boolean): Promise<void> {
    this.#wanted = wanted;
    return this.#reached.promise;
  }

  letGo(): void {
    this.#open.resolve();
  }

  /** Whatever happens in a test, its engines can be closed. */
  [Symbol.dispose](): void {
    this.letGo();
  }

  async #commit(store: RunStore, batch: CommitBatch): Promise<CommitVerdict> {
    if (this.#wanted?.(batch) !== true) return store.commit(batch);
    this.#wanted = null;
    if (this.#when === "before") {
      this.#reached.resolve();
      await this.#open.promise;
      return store.commit(batch);
    }
    const verdict = await store.commit(batch);
    this.#reached.resolve();
    await this.#open.promise;
    return verdict;
  }
}
