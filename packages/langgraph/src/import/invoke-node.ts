import { MemorySaver } from "@langchain/langgraph-checkpoint";
import type { NodeContext, Schema } from "heddle";
import { type Invocable, isRecord } from "./compiled-shape.ts";
import { toLive, toPlain } from "./live-values.ts";

/** Any value will do as an answer. */
const anything: Schema<unknown, unknown> = { "~standard": { version: 1, vendor: "heddle", validate: (value) => ({ value }) } };

/**
 * Run LangGraph's code of a node. Where it calls `interrupt`, the run asks a question with the key `interrupt`, `interrupt-2` and so on, and the node runs
 * again with the answers so far, as it does in LangGraph: what it does before an interrupt it does again.
 */
export async function invokeNode(
  runnable: Invocable,
  input: unknown,
  ctx: NodeContext,
  { name, store }: { readonly name: string; readonly store: unknown },
): Promise<unknown> {
  const answers: unknown[] = [];
  for (;;) {
    try {
      return await runnable.invoke(input, configOf(name, ctx, store, answers));
    } catch (error) {
      const asked = questionIn(error);
      if (asked === null) throw error;
      const key = answers.length === 0 ? "interrupt" : `interrupt-${answers.length + 1}`;
      const { prompt, details } = worded(name, asked.value);
      const answer = await ctx.ask(key, { kind: "form", schema: anything, prompt, details: toPlain(details) });
      answers.push(await toLive(answer.value));
    }
  }
}

/** What LangGraph's code finds around it. Names with two underscores are those by which its `interrupt` looks for answers. */
function configOf(name: string, ctx: NodeContext, store: unknown, answers: readonly unknown[]): object {
  const scratchpad = { interruptCounter: -1, callCounter: 0, subgraphCounter: 0, resume: [...answers], consumeNullResume: () => undefined };
  return {
    runName: name,
    signal: ctx.signal,
    ...(store === undefined || store === null ? null : { store }),
    metadata: { langgraph_node: name },
    configurable: { thread_id: ctx.runId, __pregel_checkpointer: new MemorySaver(), __pregel_scratchpad: scratchpad },
  };
}

/** The first interrupt that the error carries; null: it is another error. */
function questionIn(error: unknown): { readonly value: unknown } | null {
  if (!isRecord(error) || error["is_bubble_up"] !== true || !Array.isArray(error["interrupts"])) return null;
  const [first] = error["interrupts"] as readonly unknown[];
  return isRecord(first) ? { value: first["value"] } : null;
}

/** A text is the question itself; of anything else the question is that there is one. */
function worded(name: string, value: unknown): { readonly prompt: string; readonly details?: unknown } {
  if (typeof value === "string" && value !== "") return { prompt: value };
  return { prompt: `Node ${name} waits for an answer.`, details: value };
}
