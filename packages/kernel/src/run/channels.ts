import type { Channel, Id, KeyedWrite } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";
import { itemKey } from "../plan/item-key.ts";
import { applyKeyed, isKeyedWrite } from "./keyed.ts";
import { kernelError } from "./kernel-error.ts";
import type { ErrorValue } from "./outcome.ts";
import type { RunState } from "./run-state.ts";

/** What the channels hold. `append`, `put` and `keyed` are kept in a shape that takes one write at a time; `views` are what readers were given. */
export interface ChannelValues {
  readonly values: (Json | Json[] | Map<string | number, Json> | undefined)[];
  /** By channel; dropped at its next write, so that what a reader holds never changes. */
  readonly views: (Json | undefined)[];
}

/**
 * Apply one write of a task (rule 21).
 *
 * @returns why it is refused, or nothing
 */
export function applyWrite(
  state: RunState,
  task: number,
  channel: Id,
  value: Json,
  merged: Readonly<Record<Id, Json>> | undefined,
): ErrorValue | undefined {
  const { plan } = state;
  const number = plan.channelNumbers.get(channel);
  let why: string | undefined;
  if (number === undefined) why = "which the plan does not have";
  else if (plan.writes.get(task)?.has(channel) === false) why = "which is not in its `writes`";
  else why = writeChannel(state, number, value, merged);
  return why === undefined
    ? undefined
    : kernelError("CHANNEL_WRITE_REFUSED", `Task "${plan.taskIds[task]}" wrote channel "${channel}", ${why}.`);
}

/** Writes from outside (rule 34): at once; what a channel refuses is left out. */
export function applyOutsideWrites(
  state: RunState,
  writes: readonly { readonly channel: Id; readonly value: Json }[],
  merged: Readonly<Record<Id, Json>> | undefined,
): void {
  for (const { channel, value } of writes) {
    const number = state.plan.channelNumbers.get(channel);
    if (number !== undefined) writeChannel(state, number, value, merged);
  }
}

/** Write to a channel by its own rule. @returns why it refuses, in words that go after its name; then it is as it was */
function writeChannel(state: RunState, number: number, value: Json, merged: Readonly<Record<Id, Json>> | undefined): string | undefined {
  const channel = state.plan.channels[number]!;
  const fault = writeFault(channel, value);
  if (fault !== undefined) return fault;
  const { values, views } = channelState(state);
  switch (channel.kind) {
    case "value":
    case "last":
    case "ephemeral":
      values[number] = value;
      break;
    case "append":
      (values[number] as Json[]).push(value);
      break;
    case "sum": {
      const sum = (values[number] as number) + (value as number);
      if (!Number.isFinite(sum)) return noSum;
      values[number] = sum;
      break;
    }
    case "put":
      for (const [key, entry] of Object.entries(value as { readonly [key: string]: Json }))
        (values[number] as Map<string, Json>).set(key, entry);
      break;
    case "keyed":
      applyKeyed(values[number] as Map<string | number, Json>, value as KeyedWrite, channel.key);
      break;
    case "fold": {
      const id = state.plan.channelIds[number]!;
      if (merged === undefined || !Object.hasOwn(merged, id)) return "but its event lacks the merged value";
      values[number] = merged[id]!;
      break;
    }
    case "log":
      break;
    default:
      return channel satisfies never;
  }
  views[number] = undefined;
  return undefined;
}

const noSum = "a sum, with something that does not add up to a finite number";

/** Why a channel refuses a value whatever it holds, in words that go after its name; undefined: it does not. */
export function writeFault(channel: Channel, value: Json): string | undefined {
  switch (channel.kind) {
    case "sum":
      return typeof value === "number" ? undefined : noSum;
    case "put":
      return typeof value !== "object" || value === null || Array.isArray(value) ? "an object, with something that is none" : undefined;
    case "keyed":
      return isKeyedWrite(value, channel.key)
        ? undefined
        : `a list by "${channel.key}", with something that is no { clear?: true, remove?: keys, put?: objects with a text or number "${channel.key}" }`;
    case "log":
      return "which takes artifacts, not writes";
    default:
      return undefined;
  }
}

/** What a channel holds now, or nothing. The same value until the next write. */
export function channelValue(state: RunState, number: number): Json | undefined {
  const { values, views } = channelState(state);
  return (views[number] ??= view(state.plan.channels[number]!, values[number]));
}

function view(channel: Channel, value: ChannelValues["values"][number]): Json | undefined {
  if (channel.kind === "append") return (value as Json[]).slice();
  if (channel.kind === "keyed") return [...(value as Map<string | number, Json>).values()];
  if (channel.kind === "put") return Object.fromEntries(value as Map<string, Json>);
  return value as Json | undefined;
}

/** A round closes: what the one before it wrote to `ephemeral` channels goes (rule 21). */
export function emptyEphemerals(state: RunState): void {
  const { ephemerals } = state.plan;
  if (ephemerals.length === 0) return;
  const { values, views } = channelState(state);
  for (const number of ephemerals) values[number] = views[number] = undefined;
}

export function channelState(state: RunState): ChannelValues {
  return (state.channels ??= { values: state.plan.channels.map(initialValue), views: new Array(state.plan.channels.length) });
}

function initialValue(channel: Channel): ChannelValues["values"][number] {
  switch (channel.kind) {
    case "append":
      return [...(channel.initial ?? [])];
    case "sum":
      return channel.initial ?? 0;
    case "put":
      return new Map(Object.entries(channel.initial ?? {}));
    case "keyed":
      return new Map((channel.initial ?? []).map((item) => [itemKey(item, channel.key)!, item]));
    case "value":
    case "last":
    case "ephemeral":
    case "fold":
      return channel.initial;
    case "log":
      return undefined;
    default:
      return channel satisfies never;
  }
}
