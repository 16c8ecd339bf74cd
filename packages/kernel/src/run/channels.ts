import type { Channel, Id } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";
import { itemKey } from "../plan/item-key.ts";
import { applyKeyed, keyedWrite } from "./keyed.ts";
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
 * Apply one write (rule 21).
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
  const refuse = (why: string) => kernelError("CHANNEL_WRITE_REFUSED", `Task "${plan.taskIds[task]}" wrote channel "${channel}", ${why}.`);
  if (number === undefined) return refuse("which the plan does not have");
  if (plan.writes.get(task)?.has(channel) === false) return refuse("which is not in its `writes`");
  const kind = plan.channels[number]!;
  const { values, views } = channelState(state);
  switch (kind.kind) {
    case "value":
    case "last":
    case "ephemeral":
      values[number] = value;
      break;
    case "append":
      (values[number] as Json[]).push(value);
      break;
    case "sum": {
      const sum = typeof value === "number" ? (values[number] as number) + value : Number.NaN;
      if (!Number.isFinite(sum)) return refuse("a sum, with something that does not add up to a finite number");
      values[number] = sum;
      break;
    }
    case "put":
      if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse("an object, with something that is none");
      for (const [key, entry] of Object.entries(value)) (values[number] as Map<string, Json>).set(key, entry);
      break;
    case "keyed": {
      const write = keyedWrite(value, kind.key);
      if (write === undefined)
        return refuse(
          `a list by "${kind.key}", with something that is no { clear?: true, remove?: keys, put?: objects with a text or number "${kind.key}" }`,
        );
      applyKeyed(values[number] as Map<string | number, Json>, write, kind.key);
      break;
    }
    case "fold":
      if (merged === undefined || !Object.hasOwn(merged, channel)) return refuse("but its event lacks the merged value");
      values[number] = merged[channel]!;
      break;
    case "log":
      return refuse("which takes artifacts, not writes");
    default:
      return kind satisfies never;
  }
  views[number] = undefined;
  return undefined;
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
  return (state.channels ??= { values: state.plan.channels.map(initialValue), views: [] });
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
