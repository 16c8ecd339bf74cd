import { encodeValue, HeddleError, type Channel, type Json } from "@heddle/kernel";
import { writeFault } from "@heddle/kernel/internal";
import type { Definition } from "../definition.ts";
import { checkInputSize } from "../new-run.ts";

export interface ChannelWrite {
  readonly channel: string;
  readonly value: Json;
}

/**
 * What somebody outside wants written to a run's channels. Values are in the form of each channel's writes; of a definition that has a form of its own for
 * updates, as graphs do, in that.
 *
 * @throws HeddleError `CHANNEL_UNKNOWN`, `CHANNEL_WRITE_REFUSED`, `VALUE_TOO_LARGE`; what the definition refuses
 */
export async function writesOf(
  runId: string,
  { plan, update }: Pick<Definition, "plan" | "update">,
  values: Readonly<Record<string, unknown>>,
  maxValueBytes: number,
): Promise<readonly ChannelWrite[]> {
  const channels: Readonly<Record<string, Channel>> = plan.channels ?? {};
  const entries = update === null ? Object.entries(values) : await update(values);
  return entries.map(([id, value]) => {
    const channel = Object.hasOwn(channels, id) ? channels[id] : undefined;
    const data = { runId, channel: id };
    if (channel === undefined) {
      const names = Object.keys(channels);
      const known = names.length === 0 ? "its plan has no channels" : `there are: ${names.join(", ")}`;
      throw new HeddleError("CHANNEL_UNKNOWN", `Run ${runId} has no channel "${id}"; ${known}.`, { data });
    }
    if (value === undefined)
      throw new HeddleError("CHANNEL_WRITE_REFUSED", `The value for channel "${id}" of run ${runId} is undefined: leave it out.`, { data });
    const encoded = encodeValue(value, { what: `the value for channel "${id}"` });
    checkInputSize(`the value for channel ${id}`, encoded, maxValueBytes);
    const fault = writeFault(channel, encoded);
    if (fault !== undefined)
      throw new HeddleError("CHANNEL_WRITE_REFUSED", `Run ${runId} was written channel "${id}", ${fault}.`, { data });
    return { channel: id, value: encoded };
  });
}
