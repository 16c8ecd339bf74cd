/** What a store did since it was opened: for benches and tests that count. */
export interface StoreCounters {
  /** Transactions that changed something: with `durability: "machine"` one flush each. */
  readonly transactions: number;
  /** Batches given to `commit`. */
  readonly commits: number;
  /** Events appended. */
  readonly rows: number;
  /** SQL statements run by the writer, BEGIN and COMMIT included. */
  readonly statements: number;
  /** Statements of these that only read, the check for other writers (one a transaction) left out. */
  readonly reads: number;
  readonly checkpoints: number;
}

const names = ["transactions", "commits", "rows", "statements", "reads", "checkpoints"] as const satisfies readonly (keyof StoreCounters)[];

const logFrames = names.length;

/** Counters in memory that the writer's thread and the main thread share: one of them writes at a time, and goes on where the other stopped. */
export class SharedCounters {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8 * (names.length + 1))) {
    this.memory = memory;
    this.#cells = new Float64Array(memory);
  }

  transaction(): void {
    this.#cells[0]! += 1;
  }

  commit(): void {
    this.#cells[1]! += 1;
  }

  row(): void {
    this.#cells[2]! += 1;
  }

  statement(): void {
    this.#cells[3]! += 1;
  }

  read(): void {
    this.#cells[4]! += 1;
  }

  checkpoint(): void {
    this.#cells[5]! += 1;
  }

  /** About so many pages stand in the log that are not in the database yet. */
  get logFrames(): number {
    return this.#cells[logFrames]!;
  }

  set logFrames(frames: number) {
    this.#cells[logFrames] = frames;
  }

  snapshot(): StoreCounters {
    const [transactions = 0, commits = 0, rows = 0, statements = 0, reads = 0, checkpoints = 0] = this.#cells;
    return { transactions, commits, rows, statements, reads, checkpoints };
  }
}
