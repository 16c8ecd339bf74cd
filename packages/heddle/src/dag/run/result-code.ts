import type { DagReport, NodeOutcome } from "./report.ts";
import type { ResultInput } from "./result-source.ts";

/** The code of the task that gathers what came out. */
export function resultCode(defaultInput: unknown) {
  return (input: unknown): DagReport => {
    const { spec, outcomes, metadata, payloads, runInput } = input as ResultInput;
    const begun = (): unknown => runInput() ?? defaultInput;
    const sinks = Object.keys(spec.payloads);
    const of = (sink: string): unknown => (spec.payloads[sink]?.length === 0 ? begun() : payloads[sink]?.[0]?.payload);
    const present = sinks
      .filter((sink) => Object.hasOwn(payloads, sink))
      .map((sink) => [sink, of(sink)] as const)
      .filter(([, payload]) => payload !== undefined);
    // A DAG of no nodes gives back what it was given.
    const payload = sinks.length === 0 ? begun() : spec.several === true ? Object.fromEntries(present) : present[0]?.[1];
    return { status: statusOf(outcomes), ...(payload === undefined ? null : { payload }), outcomes, metadata };
  };
}

function statusOf(outcomes: Readonly<Record<string, NodeOutcome>>): DagReport["status"] {
  return Object.values(outcomes).every(({ status }) => status === "completed" || status === "skipped") ? "completed" : "partial";
}
