import { HeddleError } from "@heddle/kernel";
import {
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  maxChannelVersion,
  type SerializerProtocol,
  TASKS,
} from "@langchain/langgraph-checkpoint";
import { configOf } from "./read-config.ts";
import { toSerialized } from "./text/serialized.ts";
import type { StoredText } from "./text/stored-text.ts";
import type { TextEntry } from "./text/text-table.ts";
import type { KeptCheckpoint, KeptWrite, ThreadState } from "./thread/thread-state.ts";

/** A text as it was read, for the serializer. */
interface ReadText {
  readonly stored: StoredText;
  readonly text: string;
}

interface ReadWrite extends ReadText {
  readonly task: string;
  readonly channel: string;
}

/** A checkpoint of a thread as it was read, not yet decoded. */
export interface ReadCheckpoint {
  readonly threadId: string;
  readonly ns: string;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly head: ReadText;
  /** All the rest, put together when it is asked for: a list passes over many. */
  content(): Content;
}

interface Content {
  readonly values: readonly (ReadText & { readonly channel: string })[];
  readonly writes: readonly ReadWrite[];
  /** What the parent's tasks sent, where old checkpoints have it. */
  readonly sends: readonly ReadWrite[];
}

/** The checkpoint without its values. */
type Head = readonly [rest: Omit<Checkpoint, "channel_values">, metadata: CheckpointMetadata];

/** Checkpoints before this version of their format kept what tasks sent with the parent. */
const sendsInChannels = 4;

export function readCheckpoint(state: ThreadState, checkpoint: KeptCheckpoint): ReadCheckpoint {
  const { ns, id, parentId, head } = checkpoint;
  const read = (entry: TextEntry): ReadText => ({ stored: entry.stored, text: state.texts.read(entry) });
  const written = ({ task, channel, value }: KeptWrite): ReadWrite => ({ task, channel, ...read(value) });
  return {
    threadId: state.threadId ?? "",
    ns,
    id,
    parentId,
    head: read(head),
    content: () => {
      const sends = parentId === undefined ? [] : state.writesOn(ns, parentId).filter(({ channel }) => channel === TASKS);
      return {
        values: [...state.valuesOf(checkpoint)].map(([channel, value]) => ({ channel, ...read(value) })),
        writes: state.writesOn(ns, id).map(written),
        sends: sends.map(written),
      };
    },
  };
}

/** Turns what was kept into what LangGraph is given. */
export class Decoder {
  readonly #serde: SerializerProtocol;

  constructor(serde: SerializerProtocol) {
    this.#serde = serde;
  }

  /** @throws HeddleError `VALUE_UNREADABLE` */
  async metadata(read: ReadCheckpoint): Promise<CheckpointMetadata> {
    return (await this.#head(read))[1];
  }

  /** @throws HeddleError `VALUE_UNREADABLE` */
  async tuple(read: ReadCheckpoint): Promise<CheckpointTuple> {
    const { threadId, ns, id, parentId } = read;
    const { values, writes, sends } = read.content();
    const [rest, metadata] = await this.#head(read);
    // A channel that the checkpoint has no version of has no value in it, whatever its ancestors have.
    const present = values.filter(({ channel }) => Object.hasOwn(rest.channel_versions, channel));
    const decoded = await Promise.all(
      present.map(async (value) => [value.channel, await this.#value(value, read, `channel ${value.channel}`)] as const),
    );
    const checkpoint: Checkpoint = { ...rest, channel_values: Object.fromEntries(decoded) };
    if (rest.v < sendsInChannels && parentId !== undefined) await this.#bringSends(checkpoint, sends, read);
    return {
      config: configOf(threadId, ns, id),
      checkpoint,
      metadata,
      pendingWrites: await Promise.all(writes.map((write) => this.#write(write, read))),
      ...(parentId === undefined ? null : { parentConfig: configOf(threadId, ns, parentId) }),
    };
  }

  async #bringSends(checkpoint: Checkpoint, writes: readonly ReadWrite[], read: ReadCheckpoint): Promise<void> {
    const sends = await Promise.all(writes.map((send) => this.#write(send, read)));
    const versions = Object.values(checkpoint.channel_versions);
    checkpoint.channel_values[TASKS] = sends.map(([, , value]) => value);
    checkpoint.channel_versions = { ...checkpoint.channel_versions, [TASKS]: versions.length === 0 ? 1 : maxChannelVersion(...versions) };
  }

  async #write(write: ReadWrite, read: ReadCheckpoint): Promise<CheckpointPendingWrite> {
    return [write.task, write.channel, await this.#value(write, read, `a write of task ${write.task} to ${write.channel}`)];
  }

  async #head(read: ReadCheckpoint): Promise<Head> {
    const head = await this.#value(read.head, read, "its head");
    const isHead = Array.isArray(head) && head.length === 2 && typeof head[0] === "object" && head[0] !== null;
    if (!isHead) throw unreadable(read, "its head", undefined);
    return head as unknown as Head;
  }

  async #value({ stored, text }: ReadText, read: ReadCheckpoint, what: string): Promise<unknown> {
    try {
      return (await this.#serde.loadsTyped(...toSerialized(stored, text))) as unknown;
    } catch (error) {
      throw unreadable(read, what, error);
    }
  }
}

function unreadable({ threadId, ns, id }: ReadCheckpoint, what: string, cause: unknown): HeddleError {
  return new HeddleError(
    "VALUE_UNREADABLE",
    `Of checkpoint ${id} of LangGraph thread ${threadId}${ns === "" ? "" : ` in ${ns}`}, ${what} cannot be decoded: open the saver with the serializer that it was kept with.`,
    { data: { thread: threadId, ns, checkpoint: id }, cause },
  );
}
