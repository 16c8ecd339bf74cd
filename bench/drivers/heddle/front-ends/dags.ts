// The DAGs of W11, as objects. Their processors do nothing, so that only the engine's and the front-end's own cost is left.
import { dag, type DagConfig, type DagNode, type DagWorkflow, type Processor } from "heddle";
import { layeredDag } from "../../layered-dag.ts";

const addOne: Processor = async ({ payload }) => ({ payload: (payload as number) + 1 });
/** An analyzer that found nothing. */
const look: Processor = async () => ({ metadata: {} });

/** A run as soon as it is ready, as the hand-written plans of the other workloads have it. */
function reactive(name: string, processors: readonly DagNode[]): DagConfig {
  return { name, strategy: "reactive", processors };
}

function node(processor: "addOne" | "look", id: string, depends_on: readonly string[]): DagNode {
  return { id, processor, ...(processor === "look" ? { intent: "analyze" } : {}), ...(depends_on.length === 0 ? {} : { depends_on }) };
}

export function ready(config: DagConfig): DagWorkflow {
  return dag(config, { processors: { addOne, look } });
}

/** Each node makes a new payload of that before it. */
export function sequenceConfig(length: number): DagConfig {
  return reactive(
    "sequence",
    Array.from({ length }, (_, index) => node("addOne", `s${index}`, index === 0 ? [] : [`s${index - 1}`])),
  );
}

export function fanConfig(width: number): DagConfig {
  const middle = Array.from({ length: width }, (_, index) => `p${index}`);
  return reactive("fan", [node("look", "source", []), ...middle.map((id) => node("look", id, ["source"])), node("look", "sink", middle)]);
}

/** Layers of 100 nodes, each of which depends on two or three of the layer before. */
export function layeredConfig(nodes: number): DagConfig {
  return reactive(
    "layers",
    layeredDag(nodes).map((sources, index) =>
      node(
        "look",
        `n${index}`,
        sources.map((source) => `n${source}`),
      ),
    ),
  );
}
