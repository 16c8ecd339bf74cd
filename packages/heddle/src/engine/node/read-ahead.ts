import type { RunStore, RunTail, StoredMessage } from "@heddle/kernel";
import type { RunSource, StoredRunEvent } from "../load-run.ts";
import { decoded, type RunReader } from "../run-reader.ts";

/** A run with more events is read by itself: what is read ahead of several stays small. */
const mostEvents = 100;

/** Where each of these runs is read from: what is needed of all of them was read at once, where the store can. */
export async function readAhead(reader: RunReader, runIds: readonly string[]): Promise<RunSource[]> {
  const tails = await reader.store.readTails?.(runIds, mostEvents);
  return runIds.map((_, index) => {
    const tail = tails?.[index] ?? null;
    return tail === null ? reader : new ReadAheadRun(reader, tail);
  });
}

class ReadAheadRun implements RunSource {
  readonly store: RunStore;
  readonly #reader: RunReader;
  readonly #tail: RunTail;

  constructor(reader: RunReader, tail: RunTail) {
    this.store = reader.store;
    this.#reader = reader;
    this.#tail = tail;
  }

  async snapshot(runId: string, beforeSeq?: number): Promise<{ readonly seq: number; readonly body: string } | null> {
    return beforeSeq === undefined ? this.#tail.snapshot : this.#reader.snapshot(runId, beforeSeq);
  }

  async events(runId: string, afterSeq = 0): Promise<StoredRunEvent[]> {
    const { snapshot, events } = this.#tail;
    return afterSeq === (snapshot?.seq ?? 0) ? events.map(decoded) : this.#reader.events(runId, afterSeq);
  }

  async mail(): Promise<readonly StoredMessage[]> {
    return this.#tail.mail;
  }
}
