/** Something that wants to act once the code that runs now, and all promises that it settled, have come to rest. */
export interface TurnTaker {
  /** Set by the queue. */
  turnWanted: boolean;
  turn(): void;
}

/** Turns that follow each other without a look at timers and I/O. */
const turnsInARow = 256;

/**
 * Calls `turn` of everything that was touched, after all microtasks have drained: a result is given to user code in one turn, and what
 * that code does in response is complete in the next. `after` runs when all of them had their turn, so that what they all wrote goes out together.
 */
export class TurnQueue {
  #waiting: TurnTaker[] = [];
  #serving: TurnTaker[] = [];
  #scheduled = false;
  #inARow = 0;
  readonly #after: () => void;
  readonly #serve: () => void;

  /** @param around how turns are run: strict mode takes them out of the scope of the workflow code that asked for them */
  constructor(after: () => void, around: ((call: () => void) => void) | null = null) {
    this.#after = after;
    this.#serve = around === null ? () => this.#serveAll() : () => around(() => this.#serveAll());
  }

  touch(taker: TurnTaker): void {
    if (taker.turnWanted) return;
    taker.turnWanted = true;
    this.#waiting.push(taker);
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (++this.#inARow >= turnsInARow) {
      this.#inARow = 0;
      setImmediate(this.#serve);
      return;
    }
    // A tick that is asked for inside a microtask comes after the last microtask; asked for elsewhere it would come before the first.
    queueMicrotask(this.#afterMicrotasks);
  }

  /** Whether something may go on without a turn of its own; every so often it may not, so that nothing starves. */
  mayHurry(): boolean {
    return ++this.#inARow < turnsInARow;
  }

  readonly #afterMicrotasks = (): void => {
    process.nextTick(this.#serve);
  };

  #serveAll(): void {
    this.#scheduled = false;
    const serving = this.#waiting;
    this.#waiting = this.#serving;
    this.#serving = serving;
    for (let index = 0; index < serving.length; index++) {
      const taker = serving[index] as TurnTaker;
      taker.turnWanted = false;
      taker.turn();
    }
    serving.length = 0;
    this.#after();
  }
}
