import type { Json, Plan, RunState } from "@heddle/kernel";
import { channelValues, writeFault } from "@heddle/kernel/internal";

/** Whether a channel of the run takes this value now. */
export function fits({ channels = {} }: Plan, state: RunState, id: string, value: Json): boolean {
  const channel = Object.hasOwn(channels, id) ? channels[id] : undefined;
  if (channel === undefined || writeFault(channel, value) !== undefined) return false;
  return channel.kind !== "sum" || Number.isFinite((channelValues(state)[id] as number) + (value as number));
}
