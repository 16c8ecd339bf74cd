import { HeddleError } from "@heddle/kernel";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";

/** A graph's configuration, as far as a checkpointer is concerned. */
export type Config = CheckpointTuple["config"];

/** Which checkpoint a configuration names. */
export interface Address {
  readonly threadId: string | undefined;
  /** Absent: the graph itself. */
  readonly ns: string | undefined;
  /** Absent: the newest. */
  readonly id: string | undefined;
}

/** @throws HeddleError `OPTION_INVALID` one of the three is no text */
export function readConfig(config: Config | undefined): Address {
  const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id, thread_ts: older } = config?.configurable ?? {};
  const named = textOf("checkpoint_id", id) ?? textOf("thread_ts", older);
  return {
    threadId: typeof threadId === "number" ? String(threadId) : textOf("thread_id", threadId),
    ns: textOf("checkpoint_ns", ns),
    // As other checkpointers have it, an empty one is none.
    id: named === "" ? undefined : named,
  };
}

/** @throws HeddleError `OPTION_INVALID` there is none */
export function threadOf({ threadId }: Address, what: string): string {
  if (threadId !== undefined && threadId !== "") return threadId;
  throw new HeddleError(
    "OPTION_INVALID",
    `${what} needs the thread's id: give the graph { configurable: { thread_id: "…" } }, a text that is not empty.`,
  );
}

export function configOf(threadId: string, ns: string, id: string): Config {
  return { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } };
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw new HeddleError("OPTION_INVALID", `configurable.${name} is of type ${typeof value}: give a text.`, { data: { name } });
}
