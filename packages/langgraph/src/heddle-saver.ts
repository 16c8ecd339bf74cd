import { isDeepStrictEqual } from "node:util";
import { type Clock, HeddleError, type RunStore } from "@heddle/kernel";
import { openStore, realClock } from "heddle/internal";
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type PendingWrite,
  type SerializerProtocol,
  WRITES_IDX_MAP,
} from "@langchain/langgraph-checkpoint";
import { ThreadHolds } from "./hold/thread-holds.ts";
import { type Config, configOf, readConfig, threadOf } from "./read-config.ts";
import { type PlainText, toPlainText } from "./text/serialized.ts";
import { TextCache } from "./text/text-table.ts";
import { checkpointEvent, writesEvent } from "./thread/make-event.ts";
import type { KeptCheckpoint, ThreadState } from "./thread/thread-state.ts";
import { Threads } from "./thread/threads.ts";
import { Decoder, readCheckpoint, type ReadCheckpoint } from "./tuple.ts";

export interface HeddleSaverOptions {
  /** Turns values into bytes and back. Default: LangGraph's own, which makes no class but the few that it knows. */
  readonly serde?: SerializerProtocol;
  /** For so long a write waits for a thread that another process holds. Milliseconds, default 15,000. */
  readonly waitMs?: number;
  /** Threads and values that are remembered to be read and written faster, in characters. Default 32 Mi; a thread in use is always remembered. */
  readonly cacheCharacters?: number;
  /** Where time comes from. For tests. */
  readonly clock?: Clock;
}

/** Checkpoints of a list that are read at the same moment. */
const listedAtOnce = 8;
const cacheCharacters = 32 * 1024 * 1024;

/**
 * A LangGraph.js checkpointer that keeps its threads in a Heddle store: each thread is a run, each checkpoint and each task's writes are an event of its journal.
 *
 * What `put` and `putWrites` acknowledged is kept as safely as the store keeps anything: on disk for `sqlite:` and `postgres://`. Several processes may use
 * one thread: they write in turn, and none of them loses a checkpoint.
 */
export class HeddleSaver extends BaseCheckpointSaver implements AsyncDisposable {
  readonly #store: RunStore;
  readonly #ownsStore: boolean;
  readonly #holds: ThreadHolds;
  readonly #threads: Threads;
  readonly #decoder: Decoder;
  #closing: Promise<void> | null = null;

  private constructor(store: RunStore, ownsStore: boolean, options: HeddleSaverOptions) {
    super(options.serde);
    const { clock = realClock, waitMs = 15_000 } = options;
    const most = options.cacheCharacters ?? cacheCharacters;
    this.#store = store;
    this.#ownsStore = ownsStore;
    this.#holds = new ThreadHolds(store, clock, waitMs);
    this.#threads = new Threads({ store, clock, holds: this.#holds, cache: new TextCache(most), waitMs }, most);
    this.#decoder = new Decoder(this.serde);
  }

  /**
   * Open a checkpointer on a store: `memory:` for this process only, `sqlite:PATH` for one file, `postgres://…` for many machines (with the package
   * `@heddle/postgres`). A ready-made store may be given instead of an address; it is not closed then.
   *
   * @throws HeddleError `STORE_URL_INVALID`, `STORE_PACKAGE_MISSING`, `OPTION_INVALID`, and what opening the store throws
   */
  static async open(store: string | RunStore, options: HeddleSaverOptions = {}): Promise<HeddleSaver> {
    checkCount("waitMs", options.waitMs);
    checkCount("cacheCharacters", options.cacheCharacters);
    if (typeof store !== "string") return new HeddleSaver(store, false, options);
    return new HeddleSaver(await openStore(store, options.clock === undefined ? {} : { clock: options.clock }), true, options);
  }

  /** Write what is under way, let others have the threads, close the store. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The checkpoint that the configuration names, or the newest of its thread; undefined: there is none. */
  override async getTuple(config: Config): Promise<CheckpointTuple | undefined> {
    this.#checkOpen();
    const { threadId, ns = "", id } = readConfig(config);
    if (threadId === undefined || threadId === "") return undefined;
    const read = await this.#threads.get(threadId).read((state) => found(state, state.find(ns, id)));
    return read === null ? undefined : this.#decoder.tuple(read);
  }

  /**
   * Checkpoints, newest first in each namespace of a thread: those of one thread, or without `thread_id` of all. `before`: those that came to be before that one.
   * `filter`: those whose metadata has these values.
   */
  override async *list(config: Config, { limit, before, filter }: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    this.#checkOpen();
    const { threadId, ns, id } = readConfig(config);
    const beforeId = readConfig(before).id;
    let left = limit ?? Number.POSITIVE_INFINITY;
    if (threadId === "") return;
    for await (const thread of threadId === undefined ? this.#threads.all() : [this.#threads.get(threadId)]) {
      const all = await thread.read((state) => listed(state, ns, id, beforeId));
      for (let at = 0; at < all.length; at += listedAtOnce) {
        if (left <= 0) return;
        const some = all.slice(at, at + listedAtOnce);
        // Looked up again: the thread may have been deleted meanwhile.
        for (const read of await thread.read((state) => some.map((each) => found(state, state.find(each.ns, each.id))))) {
          if (left <= 0) return;
          if (read === null || !matches(filter, await this.#decoder.metadata(read))) continue;
          left--;
          yield await this.#decoder.tuple(read);
        }
      }
    }
  }

  /** Keep a checkpoint: of its values those that `newVersions` names; the others are those of the checkpoint that it goes on from. */
  override async put(config: Config, checkpoint: Checkpoint, metadata: CheckpointMetadata, newVersions: ChannelVersions): Promise<Config> {
    this.#checkOpen();
    const address = readConfig(config);
    const { ns = "", id: parentId } = address;
    const threadId = threadOf(address, "A checkpoint");
    const { channel_values: values, ...rest } = checkpoint;
    // Now, before anything is awaited: the graph goes on, and may change what is in the values.
    const dumped = handled(Promise.all([this.#dump([rest, metadata]), this.#dumpAll(values, Object.keys(newVersions))]));
    await this.#threads.get(threadId).write(async (state) => {
      const [head, fresh] = await dumped;
      // Somebody has deleted the thread meanwhile: then nothing is there to go on from.
      const orphaned = parentId !== undefined && state.find(ns, parentId) === undefined;
      const all = orphaned ? new Map([...(await this.#dumpAll(values, Object.keys(values))), ...fresh]) : fresh;
      return checkpointEvent(state, { ns, id: checkpoint.id, parentId, head, values: all });
    });
    return configOf(threadId, ns, checkpoint.id);
  }

  /** Keep what a task wrote on top of a checkpoint. Done again it changes nothing. */
  override async putWrites(config: Config, writes: PendingWrite[], taskId: string): Promise<void> {
    this.#checkOpen();
    const address = readConfig(config);
    const { ns = "", id } = address;
    const threadId = threadOf(address, "What a task wrote");
    if (id === undefined)
      throw new HeddleError(
        "OPTION_INVALID",
        "What a task wrote needs the checkpoint that it belongs to: configurable.checkpoint_id is missing.",
      );
    const dumped = handled(
      Promise.all(
        writes.map(async ([channel, value], place) => ({
          index: WRITES_IDX_MAP[channel] ?? place,
          channel,
          value: await this.#dump(value),
        })),
      ),
    );
    await this.#threads.get(threadId).write(async (state) => writesEvent(state, { ns, id, task: taskId, writes: await dumped }));
  }

  /** Remove a thread with all its checkpoints, in all namespaces. @throws HeddleError `THREAD_BUSY` */
  override async deleteThread(threadId: string): Promise<void> {
    this.#checkOpen();
    await this.#threads.get(threadOf({ threadId, ns: undefined, id: undefined }, "Deleting")).delete();
  }

  async #close(): Promise<void> {
    try {
      await this.#threads.release();
      await this.#holds.close();
    } finally {
      if (this.#ownsStore) await this.#store[Symbol.asyncDispose]();
    }
  }

  async #dump(value: unknown): Promise<PlainText> {
    return toPlainText(await this.serde.dumpsTyped(value));
  }

  async #dumpAll(values: Readonly<Record<string, unknown>>, channels: readonly string[]): Promise<Map<string, PlainText | null>> {
    const dumped = channels.map(
      async (channel) => [channel, Object.hasOwn(values, channel) ? await this.#dump(values[channel]) : null] as const,
    );
    return new Map(await Promise.all(dumped));
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw new HeddleError("ENGINE_CLOSED", "This HeddleSaver is closed: open another one.");
  }
}

/** It is awaited later, or not at all when something else fails first. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function found(state: ThreadState, checkpoint: KeptCheckpoint | undefined): ReadCheckpoint | null {
  return checkpoint === undefined ? null : readCheckpoint(state, checkpoint);
}

/** The checkpoints that are asked for, newest first in each namespace. */
function listed(
  state: ThreadState,
  ns: string | undefined,
  id: string | undefined,
  beforeId: string | undefined,
): readonly { readonly ns: string; readonly id: string }[] {
  // Ids are told apart by their time, as far as that goes: it serves for checkpoints of other threads.
  const before = beforeId === undefined ? undefined : state.findAnywhere(beforeId);
  const isBefore = (checkpoint: KeptCheckpoint): boolean =>
    beforeId === undefined || (before === undefined ? checkpoint.id < beforeId : checkpoint.place < before.place);
  return (ns === undefined ? state.namespaces : [ns])
    .flatMap((each) => state.all(each))
    .filter((checkpoint) => (id === undefined || checkpoint.id === id) && isBefore(checkpoint))
    .map(({ ns, id }) => ({ ns, id }));
}

function matches(filter: Readonly<Record<string, unknown>> | undefined, metadata: CheckpointMetadata): boolean {
  const fields = metadata as Readonly<Record<string, unknown>>;
  return Object.entries(filter ?? {}).every(([key, value]) => isDeepStrictEqual(fields[key], value));
}

function checkCount(name: string, value: number | undefined): void {
  if (value === undefined || value >= 0) return;
  throw new HeddleError("OPTION_INVALID", `${name} is ${String(value)}: give a number, 0 or more.`, { data: { [name]: value } });
}
