import type { NodeHost } from "./node-host.ts";
import { projectRun } from "./project-run.ts";
import type { RunView } from "./run-view.ts";

/** A question that somebody is to answer: `engine.answer(runId, id, …)`. */
export interface OpenQuestion {
  /** The run that asks: the one that was looked at, or a child of it. */
  readonly runId: string;
  readonly id: string;
  /** Where it asks, from the run that was looked at: keys of the calls that lead to it. */
  readonly path: readonly string[];
  /** What was asked: its kind, prompt and so on. */
  readonly question: unknown;
  readonly dueAtMs?: number;
}

/** All open questions of a run and of the children that it waits for, outermost first. */
export async function openQuestions(host: NodeHost, runId: string): Promise<readonly OpenQuestion[]> {
  const questions: OpenQuestion[] = [];
  const left: { readonly runId: string; readonly path: readonly string[] }[] = [{ runId, path: [] }];
  for (let at = left.shift(); at !== undefined; at = left.shift()) {
    const { waits } = await viewOf(host, at.runId);
    for (const wait of waits) {
      if (wait.kind === "call" && wait.child !== undefined && wait.child !== "")
        left.push({ runId: wait.child, path: [...at.path, wait.key] });
      if (wait.kind !== "ask") continue;
      const { id, key, question, dueAtMs } = wait;
      questions.push({ runId: at.runId, id: id ?? key, path: at.path, question, ...(dueAtMs === undefined ? null : { dueAtMs }) });
    }
  }
  return questions;
}

/** Children of a run that it waits for. */
export async function awaitedChildren(host: NodeHost, runId: string): Promise<readonly string[]> {
  const { waits } = await viewOf(host, runId);
  return waits.flatMap(({ kind, child }) => (kind === "call" && child !== undefined && child !== "" ? [child] : []));
}

async function viewOf({ reader }: NodeHost, runId: string): Promise<RunView> {
  return projectRun(await reader.row(runId), await reader.events(runId), undefined);
}
