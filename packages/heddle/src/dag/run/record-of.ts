import { HeddleError } from "@heddle/kernel";
import type { ProcessorResponse } from "../processors/processor.ts";
import type { NodeRecord } from "./node-record.ts";
import type { NodeInput } from "./node-source.ts";
import type { NodeSpec } from "./node-spec.ts";

/**
 * What is kept of a processor's answer.
 *
 * @throws HeddleError `PROCESSOR_RESPONSE_INVALID`; no retry follows it
 */
export function recordOf(response: unknown, { node, spec }: NodeInput, payload: unknown): NodeRecord {
  if (typeof response !== "object" || response === null || Array.isArray(response)) {
    const found = response === null ? "null" : Array.isArray(response) ? "a list" : typeof response;
    throw refusal(node, spec, `answered with ${found}: return { payload } or { metadata }.`);
  }
  for (const key of Object.keys(response))
    if (key !== "payload" && key !== "metadata" && key !== "add")
      throw refusal(node, spec, `answered with a field ${JSON.stringify(key)}: only payload, metadata and add mean something.`);
  const { payload: next, metadata } = response as ProcessorResponse;
  if (spec.intent === "transform" && next === undefined)
    throw refusal(node, spec, "transforms, but answered without a payload: return it, or give the node the intent analyze.");
  if (metadata !== undefined && (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)))
    throw refusal(node, spec, "answered with metadata that is no object: return { metadata: { name: value } }.");
  const kept = spec.intent === "transform" ? next : spec.merge === undefined ? undefined : payload;
  if (metadata === undefined || Object.keys(metadata).length === 0) return kept === undefined ? {} : { payload: kept };
  return kept === undefined ? { metadata } : { payload: kept, metadata };
}

function refusal(node: string, { processor }: NodeSpec, why: string): HeddleError {
  const whose = processor === undefined ? "The DAG" : `Processor "${processor}"`;
  const data = { node, processor };
  return Object.assign(new HeddleError("PROCESSOR_RESPONSE_INVALID", `${whose} of node "${node}" ${why}`, { data }), { final: true });
}
