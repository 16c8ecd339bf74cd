import { END, graph, type Graph, HeddleError, type NodeOptions, type StateChannel } from "heddle";
import { type CompiledBranch, type CompiledNode, type CompiledShape, readCompiled } from "./compiled-shape.ts";
import { type ImportedChannel, importChannel } from "./import-channels.ts";
import { NodeBridge } from "./import-node.ts";
import { importRetry } from "./retry-rule.ts";

/** A graph that was LangGraph's: what its keys hold is known when it runs. */
export type ImportedGraph = Graph<
  Readonly<Record<string, StateChannel>>,
  string,
  never,
  Readonly<Record<string, unknown>>,
  Readonly<Record<string, unknown>>
>;

/** Something of a LangGraph graph that is not carried over, or not just so. */
export interface ImportProblem {
  /** Of which graph, in the graphs around it: names of nodes. Empty: the graph that was given. */
  readonly path: readonly string[];
  readonly of: "graph" | "channel" | "node" | "edge";
  /** Its name; of an edge, `from → to`. */
  readonly name: string;
  readonly reason: string;
}

export interface Import {
  /** Null: something without which it would be another graph cannot be carried over; the problems say what. */
  readonly graph: ImportedGraph | null;
  /** Everything that is not carried over, or differs. Read them before you run the graph. */
  readonly problems: readonly ImportProblem[];
}

export interface ImportOptions {
  /** Name of the graph here. Default: the name that it was compiled with, or `langgraph`. */
  readonly name?: string;
}

/**
 * Turn a graph that LangGraph.js has compiled into one of Heddle's: its state, nodes, edges and policies. The code of nodes and branches is taken as it is, and
 * given what LangGraph gives it. What has no counterpart is told, never left out in silence.
 *
 * @param compiled what `new StateGraph(…).compile()` gives
 */
export function importGraph(compiled: unknown, { name }: ImportOptions = {}): Import {
  const shape = readCompiled(compiled);
  if (shape === null) {
    const reason = "it is no compiled StateGraph of LangGraph.js 1.x: give what compile() returns";
    return { graph: null, problems: [{ path: [], of: "graph", name: name ?? "", reason }] };
  }
  return new Importer(shape, []).import(name ?? (shape.name === "" || shape.name === "LangGraph" ? "langgraph" : shape.name));
}

/** A state that is one value and no record of keys. */
const rootKey = "__root__";

class Importer {
  readonly #shape: CompiledShape;
  readonly #path: readonly string[];
  readonly #problems: ImportProblem[] = [];
  readonly #channels = new Map<string, ImportedChannel>();
  #whole = true;

  constructor(shape: CompiledShape, path: readonly string[]) {
    this.#shape = shape;
    this.#path = path;
  }

  import(name: string): Import {
    this.#takeChannels();
    this.#tellOfGraph();
    const built = this.#whole ? this.#build(name) : null;
    return { graph: this.#whole ? built : null, problems: this.#problems };
  }

  /** @param whole false: without it, it would be another graph */
  #tell(of: ImportProblem["of"], name: string, reason: string, whole = true): void {
    this.#problems.push({ path: this.#path, of, name, reason });
    this.#whole &&= whole;
  }

  #takeChannels(): void {
    for (const [key, compiled] of Object.entries(this.#shape.channels)) {
      if (key === rootKey) {
        this.#tell("channel", key, "the state is one value; here it is a record of keys", false);
        continue;
      }
      const imported = importChannel(compiled);
      if ("reason" in imported) this.#tell("channel", key, imported.reason, false);
      else this.#channels.set(key, imported);
    }
  }

  #tellOfGraph(): void {
    const { input, output, channels, hasCache, hasRetryPolicy, nodes } = this.#shape;
    const taken = Object.keys(channels).filter((key) => output.includes(key) && !input.includes(key));
    if (taken.length > 0)
      this.#tell(
        "graph",
        "input",
        `it gives ${taken.join(", ")} and does not take them; here whoever starts a run may write every key that it gives`,
      );
    if (hasRetryPolicy) this.#tell("graph", "retryPolicy", "a retry policy for all nodes is not carried over: give it to the nodes");
    if (hasCache && Object.values(nodes).some(({ cachePolicy }) => cachePolicy !== undefined))
      this.#tell(
        "graph",
        "cache",
        "results of nodes are kept in the memory of the process that runs them, not in the cache that it was compiled with",
      );
  }

  #build(name: string): ImportedGraph {
    const { input, output, channels, nodes, interruptBefore, interruptAfter, stepLimit, store, edges, joins, branches } = this.#shape;
    const bridge = new NodeBridge(this.#channels, store);
    const isPrivate = (key: string): boolean => !input.includes(key) && !output.includes(key);
    const options = { output, private: Object.keys(channels).filter(isPrivate), interruptBefore, interruptAfter, stepLimit };
    const state = Object.fromEntries([...this.#channels].map(([key, { channel }]) => [key, channel]));
    const built = graph(name, state, options) as unknown as ImportedGraph;
    // In this order LangGraph merges what nodes of one step write.
    for (const each of Object.keys(nodes).sort()) this.#addNode(built, each, nodes[each]!, bridge);
    for (const [from, to] of edges) built.edge(from, to);
    for (const [from, to] of joins) built.edge(from, to);
    for (const branch of branches) this.#addBranch(built, branch, bridge);
    // What follows from a fault that was told already is no news.
    if (!this.#whole) return built;
    for (const { at, message } of built.validate().faults) this.#tell("graph", at, message, false);
    return built;
  }

  #addNode(built: ImportedGraph, name: string, node: CompiledNode, bridge: NodeBridge): void {
    if (node.isGraph) return this.#addSubgraph(built, name, node);
    if (node.hasMetadata) this.#tell("node", name, "its metadata is not carried over");
    built.node(name, bridge.nodeFunction(name, node) as never, this.#optionsOf(name, node) as never);
  }

  #addSubgraph(built: ImportedGraph, name: string, node: CompiledNode): void {
    const shape = readCompiled(node.runnable);
    if (shape === null) return this.#tell("node", name, "it is a graph that is not made with StateGraph", false);
    const inner = new Importer(shape, [...this.#path, name]).import(`${built.name}:${name}`);
    this.#problems.push(...inner.problems);
    if (inner.graph === null) return this.#tell("node", name, "it is a graph that cannot be carried over", false);
    const own = (keys: readonly string[]): readonly string[] => keys.filter((key) => this.#channels.has(key));
    const [taken, given] = [own(shape.input), own(shape.output)];
    // As LangGraph does: it is given what both have, and everything that it then holds is merged into what stands outside.
    const options = {
      ...this.#optionsOf(name, node),
      input: (state: Values) => pick(state, taken),
      output: (result: Values) => pick(result, given),
    };
    built.node(name, inner.graph as never, options as never);
  }

  #optionsOf(name: string, { reads, retryPolicy, cachePolicy, ends, defer, isGraph }: CompiledNode): NodeOptions {
    if (retryPolicy?.["jitter"] === true)
      this.#tell("node", name, "the jitter of its retryPolicy is not carried over: waits are as long as the policy says");
    return {
      ...(defer ? { defer } : null),
      ...(retryPolicy === undefined ? null : { retry: importRetry(retryPolicy) }),
      ...(ends.length === 0 ? null : { goto: ends.filter((to) => to !== END), sends: ends.filter((to) => to !== END) }),
      ...(isGraph || reads.length === this.#channels.size ? null : { reads }),
      ...(cachePolicy === undefined || !this.#shape.hasCache ? null : { cache: this.#cacheOf(name, cachePolicy) }),
    };
  }

  #cacheOf(name: string, { ttl, keyFunc }: Readonly<Record<string, unknown>>): NonNullable<NodeOptions["cache"]> {
    if (keyFunc !== undefined)
      this.#tell("node", name, "the keyFunc of its cachePolicy is not carried over: what it reads must be the same");
    // Without one it is kept for as long as there is room.
    return { ttl: typeof ttl === "number" ? ttl * 1_000 : "100w" };
  }

  #addBranch(built: ImportedGraph, { from, path, ends }: CompiledBranch, bridge: NodeBridge): void {
    const all = Object.keys(this.#shape.nodes);
    const targets = [...new Set(ends === undefined ? all : Object.values(ends))];
    const nodes = targets.filter((to) => to !== END);
    for (const to of nodes) if (this.#isJoinedOnly(to)) this.#tellOfJoin(from, to);
    const decide = async (state: Readonly<Record<string, unknown>>, ctx: { readonly signal: AbortSignal }): Promise<unknown> => {
      const said = bridge.targets(await path.invoke(await bridge.liveState(state), { signal: ctx.signal }));
      const onward = said.map((each) => (typeof each === "object" || ends === undefined ? each : ends[each]));
      if (onward.some((each) => each === undefined || each === null || each === "")) throw unmapped(from, said, Object.keys(ends ?? {}));
      // No target at all leads nowhere in LangGraph.
      return onward.length === 0 ? undefined : onward;
    };
    built.route(from, decide as never, [...targets, ...(ends === undefined ? [END] : [])], { sends: nodes });
  }

  /** Whether all that comes after a node waits for others too. */
  #isJoinedOnly(name: string): boolean {
    const { edges, joins, branches, nodes } = this.#shape;
    const goesOn = edges.some(([from, to]) => from === name && to !== END) || branches.some(({ from }) => from === name);
    return joins.some(([from]) => from.includes(name)) && !goesOn && (nodes[name]?.ends.length ?? 0) === 0;
  }

  #tellOfJoin(from: string, to: string): void {
    for (const [sources, target] of this.#shape.joins)
      if (sources.includes(to))
        this.#tell(
          "edge",
          `${sources.join(" + ")} → ${target}`,
          `where the branch from ${from} sends to other nodes and not to ${to}, ${to} counts as done here, and in LangGraph ${target} waits for it`,
        );
  }
}

function unmapped(from: string, said: readonly unknown[], labels: readonly string[]): HeddleError {
  return new HeddleError(
    "ROUTE_UNKNOWN",
    `The branch from "${from}" said ${JSON.stringify(said)}, which its path map does not have. Its labels: ${labels.join(", ")}.`,
    { data: { node: from, labels } },
  );
}

type Values = Readonly<Record<string, unknown>>;

function pick(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));
}
