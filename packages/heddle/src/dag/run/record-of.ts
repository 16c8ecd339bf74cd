import { HeddleError } from "@heddle/kernel";
import type { ProcessorResponse } from "../processors/processor.ts";
import type { NodeRecord } from "./node-record.ts";
import type { NodeInput } from "./node-source.ts";

/**
 * What is kept of a processor's answer.
 *
 * @throws HeddleError `PROCESSOR_RESPONSE_INVALID`; no retry follows it
 */
export function recordOf(response: unknown, { node, spec }: NodeInput, payload: unknown): NodeRecord {
  const refuse = (why: string): HeddleError =>
    Object.assign(
      new HeddleError(
        "PROCESSOR_RESPONSE_INVALID",
        `${spec.processor === undefined ? "The DAG" : `Processor "${spec.processor}"`} of node "${node}" ${why}`,
        {
          data: { node, processor: spec.processor },
        },
      ),
      { final: true },
    );
  if (typeof response !== "object" || response === null || Array.isArray(response))
    throw refuse(
      `answered with ${response === null ? "null" : Array.isArray(response) ? "a list" : typeof response}: return { payload } or { metadata }.`,
    );
  for (const key of Object.keys(response))
    if (key !== "payload" && key !== "metadata" && key !== "add")
      throw refuse(`answered with a field ${JSON.stringify(key)}: only payload, metadata and add mean something.`);
  const { payload: next, metadata } = response as ProcessorResponse;
  if (spec.intent === "transform" && next === undefined)
    throw refuse("transforms, but answered without a payload: return it, or give the node the intent analyze.");
  if (metadata !== undefined && (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)))
    throw refuse("answered with metadata that is no object: return { metadata: { name: value } }.");
  const kept = spec.intent === "transform" ? next : spec.merge === undefined ? undefined : payload;
  return {
    ...(kept === undefined ? null : { payload: kept }),
    ...(metadata === undefined || Object.keys(metadata).length === 0 ? null : { metadata }),
  };
}
