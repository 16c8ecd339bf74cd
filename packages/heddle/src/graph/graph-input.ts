import type { Schema, SchemaResult } from "../workflow/standard-schema.ts";
import type { NewIds, StateChannel } from "./channel.ts";
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
  const hasSchemas = Object.values(channels).some(({ schema }) => schema !== undefined);
  const validate = (given: unknown): SchemaResult<unknown> | Promise<SchemaResult<unknown>> => {
    if (given === undefined || given === null)
      return input === undefined || input.length === 0 ? { value: {} } : issue([], `graph "${name}" needs ${input.join(", ")}`);
    if (typeof given !== "object" || Array.isArray(given)) return issue([], "it must be an object of the state's keys");
    const value: Record<string, unknown> = {};
    for (const [key, written] of Object.entries(given)) {
      if (written === undefined) continue;
      const channel = Object.hasOwn(channels, key) ? channels[key] : undefined;
      if (channel === undefined || !allowed.has(key))
        return issue([key], `${channel === undefined ? "there is no such key" : "it is private"}: ${[...allowed].join(", ")}`);
      const writes = channel.writes(written, noIds, key);
      if ("refused" in writes) return issue([key], writes.refused);
      value[key] = written;
    }
    const missing = (input ?? []).filter((key) => value[key] === undefined);
    if (missing.length > 0) return issue([missing[0] as string], `it is needed: ${missing.join(", ")} missing`);
    return hasSchemas ? checkEach(channels, value) : { value };
  };
  return { "~standard": { version: 1, vendor: "heddle", validate } };
}

/** What the schemas make of it is written by START, which every run has. */
async function checkEach(
  channels: Readonly<Record<string, StateChannel>>,
  value: Readonly<Record<string, unknown>>,
): Promise<SchemaResult<unknown>> {
  for (const [key, written] of Object.entries(value)) {
    try {
      await checkWrite(channels[key] as StateChannel, written, key, "INPUT_INVALID");
    } catch (error) {
      if (hasCode(error, "INPUT_INVALID")) return issue([key], (error as Error).message);
      throw error;
    }
  }
  return { value };
}

/** The ones that count are given when it is written. */
const noIds: NewIds = { uuid: () => "" };

function issue(path: readonly string[], message: string): SchemaResult<never> {
  return { issues: [{ message, path }] };
}
