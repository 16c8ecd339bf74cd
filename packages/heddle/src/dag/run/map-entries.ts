import { HeddleError } from "@heddle/kernel";
import type { TaskContext } from "../../engine/frame/task-context.ts";
import type { NodeMap } from "../config/dag-config.ts";
import type { ProcessorResponse } from "../processors/processor.ts";
import type { NodeRecord } from "./node-record.ts";
import type { NodeInput } from "./node-source.ts";
import { recordOf } from "./record-of.ts";

type Call = (entry: unknown) => ProcessorResponse | Promise<ProcessorResponse>;

/**
 * A processor for each entry of a list, each recorded by itself. The node's payload is the list of theirs in the order of the entries; its metadata
 * has `entries`, theirs by index, and `failed`, what went wrong with `failure: collect`.
 *
 * @throws HeddleError `PROCESSOR_INPUT_INVALID` the payload is no list; `MAP_FAILED` an entry failed, and the others were to stop
 */
export async function mapEntries(
  ctx: TaskContext,
  { max_concurrency, failure = "stop" }: NodeMap,
  given: NodeInput,
  payload: unknown,
  call: Call,
): Promise<NodeRecord> {
  if (!Array.isArray(payload)) {
    const error = new HeddleError(
      "PROCESSOR_INPUT_INVALID",
      `Node "${given.node}" maps over its payload, which is ${payload === undefined ? "missing" : "no list"}.`,
      {
        data: { node: given.node, status: 400 },
      },
    );
    throw Object.assign(error, { final: true });
  }
  const plain: NodeInput = { ...given, spec: withoutMerge(given) };
  const one = async (entry: unknown): Promise<NodeRecord> => {
    const answer = await call(entry);
    if ((answer as { readonly add?: unknown } | undefined)?.add === undefined) return recordOf(answer, plain, entry);
    throw new HeddleError(
      "PROCESSOR_RESPONSE_INVALID",
      `Node "${given.node}" adds nodes for an entry of its map: let a node without one add them.`,
    );
  };
  const limit = max_concurrency === undefined ? {} : { concurrency: max_concurrency };
  const results =
    failure === "stop"
      ? (await ctx.map("entry", payload, one, limit)).map((value) => ({ ok: true, value }) as const)
      : await ctx.map("entry", payload, one, { ...limit, failure });
  const payloads: unknown[] = [];
  const entries: Record<string, unknown> = {};
  const failed: { readonly index: number; readonly message: string; readonly code?: string }[] = [];
  for (const [index, result] of results.entries()) {
    if (!result.ok) {
      const { message, code } = result.error as Error & { readonly code?: string };
      failed.push({ index, message, ...(code === undefined ? null : { code }) });
      continue;
    }
    payloads.push(result.value.payload);
    if (result.value.metadata !== undefined) entries[index] = result.value.metadata;
  }
  const metadata = { ...(Object.keys(entries).length === 0 ? null : { entries }), ...(failed.length === 0 ? null : { failed }) };
  const record = recordOf(given.spec.intent === "transform" ? { payload: payloads, metadata } : { metadata }, given, payload);
  return failed.length === 0 ? record : { ...record, partial: true };
}

// An entry's own record holds no merged payload: the node's does.
function withoutMerge({ spec }: NodeInput): NodeInput["spec"] {
  const { merge: _, ...rest } = spec;
  return rest;
}
