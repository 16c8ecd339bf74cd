import { HeddleError } from "@heddle/kernel";
import type { Engine, RunHandle, StartOptions } from "../engine/engine.ts";
import { open } from "../engine/open.ts";
import type { OpenQuestion } from "../engine/open-questions.ts";
import type { Graph } from "./graph.ts";

export interface InvokeOptions extends StartOptions {
  /** Default: one in memory that lives for this call. */
  readonly engine?: Engine;
  readonly signal?: AbortSignal;
}

/** How a run came to rest. */
export type InvokeResult<O> =
  | { readonly status: "completed"; readonly runId: string; readonly state: O }
  /** It waits for people: `engine.answer(question.runId, question.id, …)`. Only with an engine of your own. */
  | { readonly status: "waiting"; readonly runId: string; readonly state: O; readonly questions: readonly OpenQuestion[] }
  /** It is held: somebody paused it, or its code does not fit its journal. `engine.resume(runId)` when that is mended. */
  | { readonly status: "paused"; readonly runId: string; readonly state: O; readonly reason: string };

export async function invokeGraph(graph: Graph<never>, input: unknown, options: InvokeOptions = {}): Promise<InvokeResult<unknown>> {
  const { engine, signal, ...start } = options;
  if (engine !== undefined) return settle(graph, await engine.start(graph as never, input as never, start), signal);
  await using own = await open("memory:", { workflows: [graph] });
  const result = await settle(graph, await own.start(graph as never, input as never, start), signal);
  if (result.status === "waiting") throw needsEngine(graph.name, result.questions);
  return result;
}

async function settle(graph: Graph<never>, run: RunHandle<unknown>, signal: AbortSignal | undefined): Promise<InvokeResult<unknown>> {
  const settled = await run.settled(signal === undefined ? {} : { signal });
  if (settled.status !== "waiting" && settled.status !== "paused")
    return { status: "completed", runId: run.id, state: await run.result(signal === undefined ? {} : { signal }) };
  const view = await run.state();
  const state = outputOf(graph, view.channels);
  if (settled.status === "waiting") return { status: "waiting", runId: run.id, state, questions: settled.questions };
  return { status: "paused", runId: run.id, state, reason: view.pause?.message ?? "Somebody asked for it." };
}

/** What a run gives, of what its channels hold. */
export function outputOf({ plan }: Graph<never>, channels: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const keys = plan.output !== undefined && "channels" in plan.output ? plan.output.channels : [];
  return Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(channels, key) ? [[key, channels[key]]] : [])));
}

/** What waits in an engine that ends with the call would be lost. */
export function needsEngine(graph: string, questions: readonly OpenQuestion[]): HeddleError {
  return new HeddleError(
    "ENGINE_NEEDED",
    `A run of graph "${graph}" waits for an answer to ${questions.map(({ id }) => `"${id}"`).join(", ")}, and the engine in memory that it had ends with this call. Open one that lasts, open("sqlite:runs.db"), and pass it: invoke(input, { engine }).`,
    { data: { graph } },
  );
}
