import { encodeValue, jsonBytes, type Json } from "@heddle/kernel";
import { KeptValue } from "../../engine/kept-value.ts";
import { inputOr } from "./node-code.ts";
import { type NodeOutcome, runPayload } from "./report.ts";
import type { ResultInput } from "./result-source.ts";

/** More than the JSON of the report takes without what is in it, and that of an entry of it without an error and ids. */
const entryBytes = 64;

/** The code of the task that gathers what came out: a `DagReport` of what the nodes' records hold, by reference. */
export function resultCode(defaultInput: unknown) {
  return (input: unknown): KeptValue => {
    const { spec, outcomes, metadata, records, runInput } = input as ResultInput;
    let isCompleted = true;
    let bytes = entryBytes;
    for (const id in outcomes) {
      const { status, partial, error, by = "" } = outcomes[id] as NodeOutcome;
      if ((status !== "completed" && status !== "skipped") || partial === true) isCompleted = false;
      // Ids are ASCII.
      bytes += entryBytes + id.length + by.length;
      if (error !== undefined) bytes += jsonBytes(error);
    }
    for (const id in metadata) bytes += entryBytes + id.length + jsonBytes(metadata[id] as Json);
    const payload = runPayload(spec, {
      payloadOf: (id) => records.get(id)?.payload,
      isPassed: (id) => records.has(id) && records.get(id)?.skipped !== "dependents",
      runInput: () => keptInput(inputOr(runInput(), defaultInput)),
    }) as Json | undefined;
    const report: Record<string, unknown> = { status: isCompleted ? "completed" : "partial" };
    if (payload !== undefined) {
      report["payload"] = payload;
      bytes += jsonBytes(payload);
    }
    report["outcomes"] = outcomes;
    report["metadata"] = metadata;
    return new KeptValue(report as Json, bytes);
  };
}

function keptInput(value: unknown): Json | undefined {
  return value === undefined ? undefined : encodeValue(value);
}
