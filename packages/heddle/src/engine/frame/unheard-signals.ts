import type { TakenSignal } from "./operation.ts";

/**
 * Signals that a wait took, as its journal says, although its code had already given the wait up when the record was on its way: the wait lost
 * a race against something recorded just before. Nobody was told of them, so they are there for the next wait.
 *
 * Nothing of this is recorded: a replay closes the same waits at the same places, and finds the same signals unheard.
 */
export class UnheardSignals {
  /** By id, who took it last; null: somebody who was told. Made when it is first needed: most runs never do. */
  #taken: Map<string, { readonly seq: number; readonly signal: TakenSignal | null }> | null = null;

  unheard(signal: TakenSignal): void {
    this.#note(signal.id, signal.seq, signal);
  }

  /** While a replay gives back what is recorded. */
  heard(id: string, seq: number): void {
    this.#note(id, seq, null);
  }

  /** Everything is given back: who was told of what is of no more interest. */
  settle(): void {
    for (const [id, { signal }] of this.#taken ?? []) if (signal === null) this.#taken?.delete(id);
    if (this.#taken?.size === 0) this.#taken = null;
  }

  get any(): boolean {
    return this.#taken !== null;
  }

  /** Oldest first. */
  *all(): IterableIterator<TakenSignal> {
    const signals = [...(this.#taken?.values() ?? [])].flatMap(({ signal }) => (signal === null ? [] : [signal]));
    yield* signals.sort((one, other) => one.seq - other.seq);
  }

  take(name: string): TakenSignal | null {
    if (this.#taken === null) return null;
    for (const signal of this.all()) {
      if (signal.name !== name) continue;
      this.#taken.delete(signal.id);
      this.settle();
      return signal;
    }
    return null;
  }

  #note(id: string, seq: number, signal: TakenSignal | null): void {
    this.#taken ??= new Map();
    const known = this.#taken.get(id);
    if (known === undefined || known.seq < seq) this.#taken.set(id, { seq, signal });
  }
}
