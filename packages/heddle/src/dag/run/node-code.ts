import { HeddleError, type Json } from "@heddle/kernel";
import type { TaskContext } from "../../engine/frame/task-context.ts";
import { localProcessors } from "../processors/local-processors.ts";
import { payloadLike, textOf } from "../processors/payload-text.ts";
import type { ProcessorRequest, ProcessorResponse } from "../processors/processor.ts";
import type { Condition } from "../config/dag-config.ts";
import type { DagCode } from "../config/check-dag.ts";
import { type ConditionInput, testsHold } from "./condition.ts";
import { mergePayloads } from "./merge-payloads.ts";
import type { NodeRecord } from "./node-record.ts";
import type { NodeSpec } from "./node-spec.ts";
import type { NodeInput } from "./node-source.ts";

const noOptions: Readonly<Record<string, Json>> = {};

/** The code of every node: calls its processor and keeps what it answers under the node's id, wherever it would have liked it. */
export function nodeCode(code: DagCode, defaultInput: unknown) {
  return (input: unknown, ctx: TaskContext): NodeRecord | Promise<NodeRecord> => {
    const given = input as NodeInput;
    const { spec, missing, metadata } = given;
    const payload = payloadOf(given, code, defaultInput);
    const { condition, label } = spec;
    if (condition !== undefined && !holds(condition, { payload, metadata, missing }, code)) return skippedRecord(spec, payload);
    if (label !== undefined) ctx.verbs.take(label);
    const own = Object.hasOwn(code.processors ?? {}, spec.processor) ? code.processors?.[spec.processor] : undefined;
    const keep = (response: unknown): NodeRecord => recordOf(response, given, payload);
    if (own === undefined) return keep(runLocal(given, payload));
    const request: ProcessorRequest = { payload, metadata, options: spec.options ?? noOptions, missing, ctx };
    const response: unknown = own(request);
    return response instanceof Promise ? response.then(keep) : keep(response);
  };
}

function holds(condition: Condition, input: ConditionInput, { predicates = {} }: DagCode): boolean {
  if (!("use" in condition)) return testsHold(condition, input);
  return predicates[condition.use]?.(input) === true;
}

function skippedRecord({ intent, merge, passes }: NodeSpec, payload: unknown): NodeRecord {
  if (passes !== true) return { skipped: "dependents" };
  return { skipped: "pass", ...((intent === "transform" || merge !== undefined) && payload !== undefined ? { payload } : null) };
}

function runLocal({ node, spec }: NodeInput, payload: unknown): ProcessorResponse {
  const local = localProcessors[spec.processor];
  if (local === undefined)
    throw new HeddleError("HANDLER_UNKNOWN", `Node "${node}" names the processor "${spec.processor}", which is not there.`);
  const answer = local.run(textOf(payload, node), spec.options ?? noOptions);
  return typeof answer === "string" ? { payload: payloadLike(payload, answer) } : { metadata: answer };
}

/** Undefined: what should have made it did not complete. */
function payloadOf({ node, spec, payloads }: NodeInput, code: DagCode, defaultInput: unknown): unknown {
  if (spec.payload.length === 0) return payloads[0]?.payload ?? defaultInput;
  if (spec.payload.length === 1 || payloads.length === 0) return payloads[0]?.payload;
  return mergePayloads(node, spec.merge ?? "first", payloads, code);
}

function recordOf(response: unknown, { node, spec }: NodeInput, payload: unknown): NodeRecord {
  const refuse = (why: string): HeddleError =>
    Object.assign(
      new HeddleError("PROCESSOR_RESPONSE_INVALID", `Processor "${spec.processor}" of node "${node}" ${why}`, {
        data: { node, processor: spec.processor },
      }),
      { final: true },
    );
  if (typeof response !== "object" || response === null || Array.isArray(response))
    throw refuse(
      `answered with ${response === null ? "null" : Array.isArray(response) ? "a list" : typeof response}: return { payload } or { metadata }.`,
    );
  for (const key of Object.keys(response))
    if (key !== "payload" && key !== "metadata")
      throw refuse(`answered with a field ${JSON.stringify(key)}: only payload and metadata mean something.`);
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
