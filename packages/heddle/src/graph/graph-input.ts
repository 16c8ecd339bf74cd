import type { Schema, SchemaResult } from "../workflow/standard-schema.ts";
import type { StateChannel } from "./channel.ts";
import { checkWrite } from "./node-code.ts";
import { hasCode } from "@heddle/kernel";

/** What a run of a graph may be started with: an object of the keys that may come from outside, each as its channel takes it. */
export function inputSchema(
  name: string,
  channels: Readonly<Record<string, StateChannel>>,
  input: readonly string[] | undefined,
  hidden: readonly string[],
): Schema {
  const allowed = new Set(Object.keys(channels).filter((key) => !hidden.includes(key)));
  const validate = async (given: unknown): Promise<SchemaResult<unknown>> => {
    if (given === undefined || given === null)
      return input === undefined || input.length === 0 ? { value: {} } : issue([], `graph "${name}" needs ${input.join(", ")}`);
    if (typeof given !== "object" || Array.isArray(given)) return issue([], "it must be an object of the state's keys");
    const value: Record<string, unknown> = {};
    for (const [key, written] of Object.entries(given)) {
      if (written === undefined) continue;
      const channel = Object.hasOwn(channels, key) ? channels[key] : undefined;
      if (channel === undefined || !allowed.has(key))
        return issue([key], `${channel === undefined ? "there is no such key" : "it is private"}: ${[...allowed].join(", ")}`);
      const writes = channel.writes(written, () => "");
      if ("refused" in writes) return issue([key], writes.refused);
      value[key] = written;
      try {
        // What the schema makes of it is written by START, which every run has.
        await checkWrite(channel, written, key, "INPUT_INVALID");
      } catch (error) {
        if (hasCode(error, "INPUT_INVALID")) return issue([key], (error as Error).message);
        throw error;
      }
    }
    const missing = (input ?? []).filter((key) => value[key] === undefined);
    return missing.length > 0 ? issue([missing[0] as string], `it is needed: ${missing.join(", ")} missing`) : { value };
  };
  return { "~standard": { version: 1, vendor: "heddle", validate } };
}

function issue(path: readonly string[], message: string): SchemaResult<never> {
  return { issues: [{ message, path }] };
}
