import { decodeValue, type Json, type RunState, type TaskEnded } from "@heddle/kernel";
import { channelValues, closesRound, pendingWrites } from "@heddle/kernel/internal";
import type { Definition } from "../definition.ts";

type TaskEndedEvent = { readonly atMs: number } & TaskEnded;

/** The whole values of the `fold` channels that this answer's writes, or those of the round that it closes, bring about. */
export function mergeWrites(
  { plan, reducers }: Pick<Definition, "plan" | "reducers">,
  state: RunState,
  event: TaskEndedEvent,
  keep: (value: unknown, what: string, key: string) => Json,
): TaskEndedEvent {
  if (reducers.size === 0) return event;
  const superstep = plan.discipline === "superstep";
  if (superstep && !closesRound(state, event.no)) return event;
  const writes = superstep
    ? pendingWrites(state, event)
    : (event.verbs ?? []).flatMap((verb) =>
        "write" in verb && event.outcome.status === "completed" ? [{ channel: verb.write, value: verb.value }] : [],
      );
  const merged = mergeEach({ plan, reducers }, state, writes, keep);
  return merged === null ? event : { ...event, merged };
}

/** The whole values of the `fold` channels among these writes, each on top of the one before; null: there are none. */
export function mergeEach(
  { plan, reducers }: Pick<Definition, "plan" | "reducers">,
  state: RunState,
  writes: readonly { readonly channel: string; readonly value: Json }[],
  keep: (value: unknown, what: string, key: string) => Json,
): Readonly<Record<string, Json>> | null {
  const merged: Record<string, Json> = {};
  let held: Readonly<Record<string, Json>> | undefined;
  for (const { channel, value } of writes) {
    const shape = plan.channels?.[channel];
    if (shape?.kind !== "fold") continue;
    const reducer = reducers.get(shape.reducer.use);
    if (reducer === undefined) continue;
    held ??= channelValues(state);
    const current = merged[channel] ?? held[channel];
    merged[channel] = keep(
      reducer(current === undefined ? undefined : decodeValue(current), decodeValue(value)),
      "the value of channel",
      channel,
    );
  }
  return held === undefined ? null : merged;
}
