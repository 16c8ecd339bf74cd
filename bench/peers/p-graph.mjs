// p-graph, measured as our own drivers measure. Copied into the peer's folder, where its packages are found.
import { PGraph } from "p-graph";

const step = async (n) => n + 1;

/** @param what `fan` 1-size-1 or `dag` of `size` tasks; a graph is made for each run, as the library wants it */
export async function measure({ what, size }, { timeFewCalls, timePerCall, layeredDag }) {
  const run = what === "fan" ? fan(size) : dag(size, layeredDag(size));
  const { wallUs, cpuUs } = await (what === "fan" ? timePerCall : timeFewCalls)(run);
  return { runsPerSecond: 1e6 / wallUs, wallUsPerTask: wallUs / size, cpuUsPerTask: cpuUs / size };
}

function fan(size) {
  const nodes = { src: { run: () => step(0) }, sink: { run: () => step(0) } };
  const edges = [];
  for (let i = 0; i < size; i++) {
    nodes[`p${i}`] = { run: () => step(i) };
    edges.push(["src", `p${i}`], [`p${i}`, "sink"]);
  }
  return () => new PGraph(nodes, edges).run();
}

function dag(size, after) {
  return () => {
    const nodes = new Map();
    const edges = [];
    for (let i = 0; i < size; i++) nodes.set(`t${i}`, { run: () => step(i) });
    for (let i = 0; i < size; i++) for (const source of after[i]) edges.push([`t${source}`, `t${i}`]);
    return new PGraph(nodes, edges).run();
  };
}
