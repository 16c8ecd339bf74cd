// W11: a large definition, from what the user wrote to an engine that could start a run of it: checked, made a Plan, hashed and compiled.
import { type Engine, open } from "heddle";
import type { Parameters, Sample } from "../../../src/sample.ts";
import { median } from "../../../src/statistics.ts";
import { layeredConfig, ready } from "./dags.ts";
import { layeredGraph } from "./graphs.ts";

interface Definition {
  /** Its text. */
  readonly json: string;
  /** From what was written on: building a graph, node by node, is what `JSON.parse` is for a file, and not part of it. */
  open(): Promise<Engine>;
}

/**
 * Each round parses the text and opens an engine with a definition that no engine has seen, after one round that is not timed.
 *
 * @param front `graph` or `dag`
 */
export async function measure({ nodes, front }: Parameters): Promise<Sample> {
  const rounds: { readonly parseMs: number; readonly readyMs: number }[] = [];
  let bytes = 0;
  for (let round = 0; round <= 5; round++) {
    const definition = front === "graph" ? asGraph(Number(nodes)) : asDag(Number(nodes));
    bytes = definition.json.length;
    globalThis.gc?.();
    const parseMs = await timed(() => JSON.parse(definition.json) as unknown);
    globalThis.gc?.();
    let engine: Engine | undefined;
    const readyMs = await timed(async () => {
      engine = await definition.open();
    });
    await engine?.close();
    if (round > 0) rounds.push({ parseMs, readyMs });
  }
  return {
    times: median(rounds.map(({ parseMs, readyMs }) => readyMs / parseMs)),
    parseMs: median(rounds.map(({ parseMs }) => parseMs)),
    readyMs: median(rounds.map(({ readyMs }) => readyMs)),
    megabytes: bytes / 1e6,
  };
}

function asGraph(nodes: number): Definition {
  const fresh = layeredGraph(nodes);
  return { json: JSON.stringify(layeredGraph(nodes).plan), open: () => open("memory:", { workflows: [fresh] }) };
}

function asDag(nodes: number): Definition {
  const config = layeredConfig(nodes);
  return { json: JSON.stringify(config), open: () => open("memory:", { workflows: [ready(config)] }) };
}

async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
