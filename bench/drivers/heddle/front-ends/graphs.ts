// The state graphs of W11. Their nodes do nothing but what the workload says, so that only the engine's and the front-end's own cost is left.
import { append, END, graph, send, START, sum, value } from "heddle";
import { layeredDag } from "../../layered-dag.ts";

const addOne = async (): Promise<{ n: number }> => ({ n: 1 });

export function sequenceGraph(length: number) {
  const names = Array.from({ length }, (_, index) => `s${index}`);
  const [first = ""] = names;
  const made = graph("sequence", { n: sum() }, { stepLimit: length }).node(first, addOne).edge(START, first);
  for (const [index, name] of names.slice(1).entries()) made.node(name, addOne).edge(names[index] ?? first, name);
  return made;
}

/** Three nodes in a ring until `total` of them have run. */
export function loopGraph(total: number) {
  return graph("loop", { n: sum() }, { stepLimit: total })
    .node("a", addOne)
    .node("b", addOne)
    .node("c", addOne)
    .edge(START, "a")
    .edge("a", "b")
    .edge("b", "c")
    .route("c", ({ n }) => (n < total ? "again" : END), { again: "a" });
}

/** A route that sends to a node once per item, each of which adds its result to a list, and a node that comes after all of them. */
export function sendGraph() {
  return graph("send", { count: value(0), results: append<number>(), joined: value(0) }, { input: ["count"] })
    .node("item", async (item: number) => ({ results: [item + 1] }))
    .node("join", async ({ results }) => ({ joined: results.length }))
    .route(START, ({ count }) => Array.from({ length: count }, (_, item) => send("item", item)), {}, { sends: ["item"] })
    .edge("item", "join");
}

/** A state that grows by `bytes` in each of `steps` rounds. */
export function growingGraph(steps: number, bytes: number) {
  const text = "x".repeat(bytes - String(steps).length);
  return graph("growing", { log: append<string>(), n: sum() }, { stepLimit: steps })
    .node("step", async ({ n }) => ({ log: [String(n).padStart(String(steps).length, "0") + text], n: 1 }))
    .edge(START, "step")
    .route("step", ({ n }) => (n < steps ? "again" : END), { again: "step" });
}

/** Layers of 100 nodes, each of which waits for two or three of the layer before. */
export function layeredGraph(nodes: number) {
  const names = Array.from({ length: nodes }, (_, node) => `n${node}`);
  const [first = ""] = names;
  const made = graph("layers", { n: sum() }, { stepLimit: nodes }).node(first, addOne);
  for (const name of names.slice(1)) made.node(name, addOne);
  for (const [node, sources] of layeredDag(nodes).entries()) {
    const name = names[node] ?? first;
    if (sources.length === 0) made.edge(START, name);
    else
      made.edge(
        sources.map((source) => names[source] ?? first),
        name,
      );
  }
  return made;
}
