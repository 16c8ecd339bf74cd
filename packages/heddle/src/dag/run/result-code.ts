import { inputOr } from "./node-code.ts";
import { type DagReport, type NodeOutcome, runPayload } from "./report.ts";
import type { ResultInput } from "./result-source.ts";

/** The code of the task that gathers what came out. */
export function resultCode(defaultInput: unknown) {
  return (input: unknown): DagReport => {
    const { spec, ...parts } = input as ResultInput;
    const payload = runPayload(spec, { ...parts, runInput: () => inputOr(parts.runInput(), defaultInput) });
    const { outcomes, metadata } = parts;
    return { status: statusOf(outcomes), ...(payload === undefined ? null : { payload }), outcomes, metadata };
  };
}

function statusOf(outcomes: Readonly<Record<string, NodeOutcome>>): DagReport["status"] {
  return Object.values(outcomes).every(({ status, partial }) => (status === "completed" || status === "skipped") && partial !== true)
    ? "completed"
    : "partial";
}
