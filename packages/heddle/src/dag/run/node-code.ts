import { HeddleError, type Json, type Task } from "@heddle/kernel";
import type { TaskContext } from "../../engine/frame/task-context.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import { localProcessors } from "../processors/local-processors.ts";
import { payloadLike, textOf } from "../processors/payload-text.ts";
import type { Processor, ProcessorResponse } from "../processors/processor.ts";
import type { Condition } from "../config/dag-config.ts";
import type { DagCode } from "../config/check-dag.ts";
import { type ConditionInput, testsHold } from "./condition.ts";
import { mergePayloads } from "./merge-payloads.ts";
import { mapEntries } from "./map-entries.ts";
import type { NodeRecord } from "./node-record.ts";
import { recordOf } from "./record-of.ts";
import type { DagReport } from "./report.ts";
import type { NodeSpec } from "./node-spec.ts";
import type { NodeInput } from "./node-source.ts";

const noOptions: Readonly<Record<string, Json>> = {};

/** What the nodes of a DAG share. */
export interface NodeParts {
  readonly code: DagCode;
  /** The DAGs that stand in place of a processor, by node. */
  readonly inner: ReadonlyMap<string, Workflow<unknown, DagReport>>;
  /** Tasks of the nodes that a node adds. @throws `DAG_INVALID` */
  readonly grow: (node: string, added: unknown) => Readonly<Record<string, Task>>;
  readonly defaultInput: unknown;
}

/**
 * The code of every node: calls its processor and keeps what it answers under the node's id, wherever it would have liked it.
 */
export function nodeCode({ code, inner, grow, defaultInput }: NodeParts) {
  return (input: unknown, ctx: TaskContext): NodeRecord | Promise<NodeRecord> => {
    const given = input as NodeInput;
    const { node, spec, missing, metadata } = given;
    const payload = payloadOf(given, code, defaultInput);
    const { condition, label, map } = spec;
    if (condition !== undefined && !holds(condition, { payload, metadata, missing }, code)) return skippedRecord(spec, payload);
    if (label !== undefined) ctx.verbs.take(label);
    const dag = inner.get(node);
    if (dag !== undefined) return callDag(ctx, dag, given, payload);
    if (map !== undefined) return mapEntries(ctx, map, given, payload, (entry) => call(given, entry, ctx));
    const response: unknown = call(given, payload, ctx);
    return response instanceof Promise ? response.then((answer) => keep(answer, given, payload, ctx)) : keep(response, given, payload, ctx);
  };

  function call(given: NodeInput, payload: unknown, ctx: TaskContext): ProcessorResponse | Promise<ProcessorResponse> {
    const { spec, metadata, missing } = given;
    const own = ownProcessor(spec, code);
    return own === undefined ? runLocal(given, payload) : own({ payload, metadata, options: spec.options ?? noOptions, missing, ctx });
  }

  function keep(answer: unknown, given: NodeInput, payload: unknown, ctx: TaskContext): NodeRecord {
    const record = recordOf(answer, given, payload);
    const { add } = answer as ProcessorResponse;
    if (add !== undefined) ctx.verbs.amend(grow(given.node, add));
    return record;
  }
}

function ownProcessor({ processor = "" }: NodeSpec, { processors = {} }: DagCode): Processor | undefined {
  return Object.hasOwn(processors, processor) ? processors[processor] : undefined;
}

async function callDag(ctx: TaskContext, dag: Workflow<unknown, DagReport>, given: NodeInput, payload: unknown): Promise<NodeRecord> {
  const { status, payload: made, metadata } = await ctx.call("dag", dag, payload);
  const record = recordOf({ ...(made === undefined ? null : { payload: made }), metadata }, given, payload);
  return status === "partial" ? { ...record, partial: true } : record;
}

/** The run's input, or the DAG's own where the run has none. */
export function inputOr(given: unknown, own: unknown): unknown {
  return given === undefined ? own : given;
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
  const local = localProcessors[spec.processor ?? ""];
  if (local === undefined)
    throw new HeddleError("HANDLER_UNKNOWN", `Node "${node}" names the processor "${spec.processor}", which is not there.`);
  const answer = local.run(textOf(payload, node), spec.options ?? noOptions);
  return typeof answer === "string" ? { payload: payloadLike(payload, answer) } : { metadata: answer };
}

/** Undefined: what should have made it did not complete. */
function payloadOf({ node, spec, payloads }: NodeInput, code: DagCode, defaultInput: unknown): unknown {
  if (spec.payload === undefined) return inputOr(payloads[0]?.payload, defaultInput);
  if (spec.payload.length === 1 || payloads.length === 0) return payloads[0]?.payload;
  return mergePayloads(node, spec.merge ?? "first", payloads, code);
}
