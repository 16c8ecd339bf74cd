import type { CommitBatch, NewRun, RunPart, RunStore } from "@heddle/kernel";

/** What one commit wrote, by the names of its rows: for who writes them again. */
export interface BatchRows {
  /** Runs that it created. */
  readonly runs: readonly string[];
  /** Events that it appended: run, first seq, how many. */
  readonly events: readonly (readonly [runId: string, firstSeq: number, count: number])[];
  /** Mail that it put: run and message id. */
  readonly mail: readonly (readonly [runId: string, id: string])[];
}

/** Calls of these read something about a run. The others ask for work, once in a while, however many runs there are. */
const readsOfRuns = new Set(["readJournal", "readMail", "readSnapshot", "get", "list", "getBlob"]);

/** A store that remembers what passes through it. Remembering costs one array entry a batch. */
export class RecordingStore {
  readonly store: RunStore;
  #batches: CommitBatch[] = [];
  readonly #calls = new Map<string, number>();

  constructor(store: RunStore) {
    const bound = new Map<PropertyKey, unknown>();
    this.store = new Proxy(store, {
      get: (target, name) => {
        const known = bound.get(name);
        if (known !== undefined) return known;
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        const call = (...args: unknown[]): unknown => {
          if (name === "commit") this.#batches.push(args[0] as CommitBatch);
          else this.#calls.set(String(name), (this.#calls.get(String(name)) ?? 0) + 1);
          return value.apply(target, args) as unknown;
        };
        bound.set(name, call);
        return call;
      },
    });
  }

  /** Forget what was before. */
  reset(): void {
    this.#batches = [];
    this.#calls.clear();
  }

  get batches(): readonly CommitBatch[] {
    return this.#batches;
  }

  /** Runs' parts that were appended: one a step, and one for each run's end. */
  get appends(): number {
    return this.#batches.reduce((sum, { parts }) => sum + (parts ?? []).filter(({ events }) => events.length > 0).length, 0);
  }

  /** How often something about a run was read. */
  get reads(): number {
    return [...this.#calls].reduce((sum, [name, count]) => (readsOfRuns.has(name) ? sum + count : sum), 0);
  }

  rows(): BatchRows[] {
    return this.#batches.map(({ creates = [], parts = [], messages = [] }) => {
      const born = [...creates, ...parts.flatMap(({ children = [] }) => children)];
      return {
        runs: born.map(({ row }) => row.runId),
        events: [...born.map((run) => firstEvents(run)), ...parts.map((part) => appended(part))].filter(([, , count]) => count > 0),
        mail: [...messages, ...parts.flatMap((part) => part.messages ?? [])].map(({ runId, id }) => [runId, id] as const),
      };
    });
  }
}

function firstEvents({ row, events }: NewRun): readonly [string, number, number] {
  return [row.runId, 1, events.length];
}

function appended({ runId, expectedSeq, events }: RunPart): readonly [string, number, number] {
  return [runId, (expectedSeq ?? 0) + 1, events.length];
}
