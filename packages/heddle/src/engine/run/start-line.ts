/** After crashes only one recorded start of a run is under way at a time, so that the one that kills its process stands alone. */
export class StartLine {
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #holder = 0;

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
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#busy = true;
    next();
  }

  /** It is the code of this activation that is under way. */
  hold(no: number): void {
    this.#holder = no;
  }

  /** A task that asks for operations is a durable function: its steps stand in line by themselves. Also when it ends. */
  leave(no: number): void {
    if (this.#holder !== no) return;
    this.#holder = 0;
    this.next();
  }
}
