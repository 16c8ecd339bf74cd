import { HeddleError, type RunStore } from "@heddle/kernel";
import { endLeasesOfTheGone } from "../node/gone-processes.ts";

const mostNamed = 5;

/** Free what dead nodes have left behind. */
export async function freeTheDead(store: RunStore, nowMs: number): Promise<void> {
  await endLeasesOfTheGone(store, nowMs);
  await store.reapDeadNodes(nowMs);
}

/** @throws HeddleError `STORE_IN_USE` a node owns runs, naming it */
export async function checkAtRest(store: RunStore, name: string): Promise<void> {
  const running = await store.list({ status: ["running"], limit: 1_000 });
  if (running.length === 0) return;
  const nodes = [...new Set(running.map(({ owner }) => owner ?? "?"))];
  const runs = running.slice(0, mostNamed).map(({ runId }) => runId);
  throw storeInUse(name, nodes, runs, running.length);
}

export function storeInUse(name: string, nodes: readonly string[], runIds: readonly string[], count: number): HeddleError {
  const shown = nodes.slice(0, mostNamed).join(", ") + (nodes.length > mostNamed ? " and others" : "");
  const runs = `${runIds.join(", ")}${count > runIds.length ? " and others" : ""}`;
  const message = `${name} is in use: ${nodes.length === 1 ? "node" : "nodes"} ${shown} ${nodes.length === 1 ? "runs" : "run"} ${runs}. Stop ${
    nodes.length === 1 ? "that process" : "those processes"
  } (Ctrl-C, SIGTERM, engine.close()), then copy again. A process of another machine that died counts as living until its lease has run out.`;
  return new HeddleError("STORE_IN_USE", message, { data: { store: name, nodes, runIds } });
}
