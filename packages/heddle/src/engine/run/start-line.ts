import type { SuspectGate } from "./suspect-gate.ts";

/** After crashes only one recorded start of a run is under way at a time, so that the one that kills its process stands alone. */
export class StartLine {
  readonly #gate: SuspectGate;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #holder = 0;

  constructor(gate: SuspectGate) {
    this.#gate = gate;
  }

  get isEmpty(): boolean {
    return !this.#busy && this.#waiting.length === 0;
  }

  /** Begin it once everything before it is over. */
  join(start: () => void): void {
    this.#waiting.push(start);
    if (!this.#busy) this.next();
  }

  /** What was under way is over. */
  next(): void {
    this.#busy = false;
    this.#gate.leave(this);
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#busy = true;
    this.#gate.enter(this, next);
  }

  /** It is the code of this activation that is under way. */
  hold(no: number): void {
    this.#holder = no;
  }

  /** A task that asks for operations is a durable function: its steps stand in line by themselves. Also when it ends. */
  leave(no: number): void {
    if (this.#holder !== no) return;
    this.#holder = 0;
    // Nothing is recorded yet of what it asks for, so nothing of another run comes between.
    const asked = this.#waiting.shift();
    if (asked === undefined) this.next();
    else asked();
  }

  /** The run is not ours any more: nothing of it begins. */
  close(): void {
    this.#waiting.length = 0;
    this.#busy = false;
    this.#gate.leave(this);
  }
}
