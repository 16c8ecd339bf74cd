import type { DagCode } from "../config/check-dag.ts";
import type { Merge } from "../config/dag-config.ts";
import { type Meeting, mergeFailed } from "./meeting.ts";
import { mergeObjects } from "./merge-objects.ts";

/**
 * One payload of several, in the order in which the node names what they come from.
 *
 * @throws HeddleError `DAG_MERGE_FAILED` the payloads are not what the merge takes, or hold different values and the rule is `error`
 */
export function mergePayloads(node: string, merge: Merge, meeting: Meeting, code: DagCode): unknown {
  const how = typeof merge === "string" ? { type: merge } : merge;
  switch (how.type) {
    case "first":
      return meeting[0]?.payload;
    case "concatenate":
      return concatenate(node, meeting, "separator" in how ? (how.separator ?? "") : "");
    case "json_merge":
      return mergeObjects(node, meeting, "conflict" in how ? (how.conflict ?? "error") : "error");
    case "custom":
      return "use" in how ? code.merges?.[how.use]?.(meeting) : undefined;
    default:
      return how satisfies never;
  }
}

function concatenate(node: string, meeting: Meeting, separator: string): string | Uint8Array {
  const payloads = meeting.map(({ payload }) => payload);
  if (payloads.every((payload) => typeof payload === "string")) return payloads.join(separator);
  const encoder = new TextEncoder();
  const parts = meeting.flatMap(({ id, payload }, index) => {
    const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
    if (!(bytes instanceof Uint8Array))
      throw mergeFailed(node, `the payload of "${id}" is neither text nor bytes, which concatenate takes`);
    return index === 0 ? [bytes] : [encoder.encode(separator), bytes];
  });
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
