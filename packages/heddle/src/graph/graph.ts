import { HeddleError, planHash, type Channel, type Plan, type Placement } from "@heddle/kernel";
import type { Conclusion, PlanCode, PlannedWorkflow, Rescue, TaskCode } from "../engine/definition.ts";
import type { Context, Duration } from "../workflow/context.ts";
import type { Workflow, WorkflowOptions } from "../workflow/workflow.ts";

import { compileGraph, gatherCode, joinCode, type CompiledGraph, type NodeTasks } from "./compile-graph.ts";
import { drawGraph, type Drawing } from "./draw-graph.ts";
import { END, START, type GraphShape } from "./graph-shape.ts";
import { inputSchema } from "./graph-input.ts";
import { invokeGraph, type InvokeOptions, type InvokeResult } from "./invoke-graph.ts";
import { graphManifest, sortGraph, type GraphManifest, type GraphOrder } from "./graph-manifest.ts";
import { graphHistory, type Checkpoint } from "./graph-history.ts";
import type { Engine } from "../engine/engine.ts";
import { cachedNode } from "./node-cache.ts";
import { NodeCode } from "./node-code.ts";
import type {
  EdgeDefinition,
  NodeContext,
  NodeDefinition,
  NodeFunction,
  NodeOptions,
  RouteChoice,
  RouteDefinition,
  SubgraphOptions,
} from "./node.ts";
import type { Channels, InputOf, OutputOf, StateOf, UpdateOf } from "./state.ts";
import { StateSource } from "./state-source.ts";
import { streamGraph, type StreamItem, type StreamMode, type StreamOptions } from "./stream-graph.ts";
import { subgraphNode } from "./subgraph.ts";
import { validateGraph, type GraphFindings } from "./validate-graph.ts";

export interface GraphOptions<Keys extends string, Input extends Keys, Output extends Keys, Private extends Keys>
  extends Omit<WorkflowOptions<never, unknown>, "input" | "output" | "retry" | "concurrency" | "rateLimit"> {
  /** Keys that a run must be started with; others that are not private it may be. They hold a value from the beginning, and their types say so. Default: none. */
  readonly input?: readonly Input[];
  /** Keys that a run gives. Default: all that are not private. */
  readonly output?: readonly Output[];
  /** Keys that only this graph's nodes see: not from outside, and not from a subgraph or its parent. */
  readonly private?: readonly Private[];
  /** Most rounds; the next one ends the run failed with `STEP_LIMIT`, its state up to then kept. Default 100. */
  readonly stepLimit?: number;
  /** Stop before these nodes run, until `engine.answer(run, "node/before", …)`; the second time it is `node#2/before`. */
  readonly interruptBefore?: readonly string[];
  /** Stop after these nodes have run, before what comes next, until `engine.answer(run, "node/after", …)`. */
  readonly interruptAfter?: readonly string[];
  /** Runs of this graph under way at once, in the whole store. */
  readonly concurrency?: number;
  readonly placement?: Placement;
  /** Longest time of a run. */
  readonly timeout?: Duration;
}

const defaultStepLimit = 100;

/**
 * A state graph: nodes that read a state and return updates of it, and edges that say what comes next. Made by `graph`; its methods add to it and give it
 * back, until it is first used.
 *
 * Nodes run in rounds: all that are due run beside each other on the state as the round before left it; when the last has ended, their updates are merged,
 * in the order in which nodes were added, and what they lead to is the next round. So results do not depend on who finishes first.
 */
export class Graph<C extends Channels, Nodes extends string = never, Required extends string = never, I = unknown, O = unknown>
  implements PlannedWorkflow<I, O>
{
  readonly kind = "workflow";
  readonly name: string;
  readonly version?: string;
  readonly options: PlannedWorkflow<I, O>["options"];
  readonly channels: C;
  readonly #settings: GraphOptions<string, string, string, string>;
  readonly #nodes: NodeDefinition[] = [];
  readonly #edges: EdgeDefinition[] = [];
  readonly #routes: RouteDefinition[] = [];
  #compiled: (CompiledGraph & { readonly code: PlanCode }) | null = null;

  constructor(name: string, channels: C, settings: GraphOptions<string, string, string, string>) {
    this.name = name;
    this.channels = channels;
    this.#settings = settings;
    if (settings.version !== undefined) this.version = settings.version;
    const {
      version: _v,
      input,
      output: _o,
      private: hidden = [],
      stepLimit: _s,
      interruptBefore: _b,
      interruptAfter: _a,
      ...options
    } = settings;
    this.options = { ...options, input: inputSchema(name, this.channels, input, hidden) };
  }

  // ---- Building

  /** Add a node: code, or a workflow, graph or DAG that stands as one. */
  node<const Name extends string, const Reads extends keyof C & string = keyof C & string>(
    name: Name,
    run: NodeFunction<Pick<StateOf<C, Required>, Reads>, UpdateOf<C>>,
    options?: NodeOptions<Pick<StateOf<C, Required>, Reads>, UpdateOf<C>> & { readonly reads?: readonly Reads[] },
  ): Graph<C, Nodes | Name, Required, I, O>;
  node<const Name extends string, CI, CO>(
    name: Name,
    workflow: Workflow<CI, CO>,
    options?: SubgraphOptions<StateOf<C, Required>, UpdateOf<C>, CI, CO>,
  ): Graph<C, Nodes | Name, Required, I, O>;
  /** A node that is only sent to, typed by what it is sent. */
  node<const Name extends string, Item>(
    name: Name,
    run: NodeFunction<Item, UpdateOf<C>>,
    options?: NodeOptions<Item, UpdateOf<C>>,
  ): Graph<C, Nodes | Name, Required, I, O>;
  node(name: string, run: NodeDefinition["run"], options: object = {}): never {
    this.#open();
    if (typeof run !== "function" && (typeof run !== "object" || run === null || (run as Workflow).kind !== "workflow"))
      throw new HeddleError(
        "OPTION_INVALID",
        `Node "${name}" of graph "${this.name}" has no code: pass a function or a workflow as the second argument.`,
        {
          data: { node: name },
        },
      );
    this.#nodes.push({ name, run, options });
    return this as never;
  }

  /**
   * After `from` has run, `to` is run. Several edges from one node: all of their nodes are run. From several nodes at once: `to` waits for all of them; in a
   * loop it waits for all of them again.
   */
  edge(from: Nodes | typeof START | readonly Nodes[], to: Nodes | typeof END): this {
    this.#open();
    const waits = Array.isArray(from) && from.length > 1;
    this.#edges.push({ from: typeof from === "string" ? [from] : from, to, waits });
    return this;
  }

  /**
   * After `from` has run, `decide` says where to go on: a label of the table, several, `send`s to the nodes in `sends`, or nothing. It is given the state with
   * the updates of `from`, and without those of others in the same round. Also besides edges.
   *
   * A list of nodes in place of the table: each is its own label.
   */
  route<const List extends readonly (Nodes | typeof END)[]>(
    from: Nodes | typeof START,
    decide: (state: StateOf<C, Required>, ctx: NodeContext) => RouteAnswer<List[number]> | Promise<RouteAnswer<List[number]>>,
    nodes: List,
    options?: { readonly sends?: readonly Nodes[] },
  ): this;
  route<const Table extends Readonly<Record<string, Nodes | typeof END>>>(
    from: Nodes | typeof START,
    decide: (
      state: StateOf<C, Required>,
      ctx: NodeContext,
    ) => RouteAnswer<keyof Table & string> | Promise<RouteAnswer<keyof Table & string>>,
    table: Table,
    options?: { readonly sends?: readonly Nodes[] },
  ): this;
  route(
    from: string,
    decide: RouteDefinition["decide"],
    targets: Readonly<Record<string, string>> | readonly string[],
    { sends = [] }: { readonly sends?: readonly string[] } = {},
  ): this {
    this.#open();
    const table = Array.isArray(targets)
      ? Object.fromEntries(targets.map((to: string) => [to, to]))
      : (targets as Readonly<Record<string, string>>);
    this.#routes.push({ from, decide, table, sends });
    return this;
  }

  #open(): void {
    if (this.#compiled !== null)
      throw new HeddleError("GRAPH_FROZEN", `Graph "${this.name}" is in use already: add its nodes and edges before its first run.`, {
        data: { graph: this.name },
      });
  }

  // ---- Looking at it

  get shape(): GraphShape {
    const { input, output, private: hidden = [], stepLimit = defaultStepLimit, interruptBefore = [], interruptAfter = [] } = this.#settings;
    return {
      name: this.name,
      channels: this.channels,
      nodes: this.#nodes,
      edges: this.#edges,
      routes: this.#routes,
      input,
      output,
      private: hidden,
      stepLimit,
      interruptBefore,
      interruptAfter,
    };
  }

  /** Everything that is wrong with it, and what looks wrong, all at once. */
  validate(): GraphFindings {
    return validateGraph(this.shape);
  }

  /** What it compiles to. @throws HeddleError `GRAPH_INVALID` with every fault */
  get plan(): Plan {
    return this.#compile().plan;
  }

  get code(): PlanCode {
    return this.#compile().code;
  }

  /** The same for the same structure: names, channels, edges and options, not code. */
  structuralHash(): string {
    return planHash(this.plan);
  }

  /** Nodes in an order in which each comes after what leads to it; nodes of a loop stand together, and are named in `loops`. */
  topologicalSort(): GraphOrder {
    return sortGraph(this.shape);
  }

  /** What it is made of, as data: for tools and people. */
  manifest(): GraphManifest {
    return graphManifest(this.shape, this.version, this.structuralHash());
  }

  /** A picture of it: Mermaid, DOT or ASCII text, or an SVG. */
  draw(as: Drawing = "mermaid"): Promise<string> {
    return drawGraph(this.plan, as);
  }

  // ---- Running it

  /**
   * Run it to its end, or until it waits for a person.
   *
   * Without an engine: in memory, in one that lives for this call. @throws HeddleError `RUN_FAILED`, `RUN_CANCELLED`, `RUN_TIMED_OUT`
   */
  invoke(input: I, options?: InvokeOptions): Promise<InvokeResult<O>> {
    return invokeGraph(this as never, input, options) as Promise<InvokeResult<O>>;
  }

  /** Run it and watch: state, updates, messages, what nodes tell, and every event, each as it comes. The last item is always `end`. */
  stream<const M extends StreamMode = "updates">(
    input: I,
    options?: StreamOptions<M>,
  ): AsyncGenerator<StreamItem<M, StateOf<C, Required>, UpdateOf<C>>> {
    return streamGraph(this as never, input, options) as never;
  }

  /** The rounds of a run, newest first: what the state held after each, and what was to come next. `seq` is where to fork. */
  history(engine: Engine, runId: string): Promise<readonly Checkpoint<StateOf<C, Required>>[]> {
    return graphHistory(this as never, engine, runId) as Promise<readonly Checkpoint<StateOf<C, Required>>[]>;
  }

  /** A graph runs as a plan: it has no function of its own. */
  readonly run: (ctx: Context, input: I) => Promise<O> = () =>
    Promise.reject(new Error(`Graph "${this.name}" has no single function: its nodes run.`));

  #compile(): CompiledGraph & { readonly code: PlanCode } {
    if (this.#compiled !== null) return this.#compiled;
    const { faults } = this.validate();
    if (faults.length > 0) throw invalid(this.name, faults);
    const compiled = compileGraph(this.shape);
    this.#compiled = { ...compiled, code: this.#codeOf(compiled) };
    return this.#compiled;
  }

  #codeOf({ plan, tasks }: CompiledGraph): PlanCode {
    const channels = this.channels;
    const keys = Object.keys(channels);
    const held = keys.map((key) => (plan.channels as Readonly<Record<string, Channel>>)[key]!);
    const source = new StateSource(
      keys,
      held.map(({ kind }) => kind),
    );
    const nodeCode = new NodeCode(this.name, channels, tasks);
    const code: Record<string, TaskCode> = {
      [START]: nodeCode.start(
        this.#routes.filter(({ from }) => from === START),
        source.initialState(held),
      ),
      [joinCode]: () => undefined,
      [gatherCode]: nodeCode.gather(),
    };
    for (const nodeTasks of tasks.values()) {
      const { name, run, options } = nodeTasks.node;
      const call = typeof run === "function" ? (run as never) : subgraphNode(this.shape, nodeTasks.node);
      code[name] = nodeCode.of(nodeTasks, options.cache === undefined ? call : cachedNode(this.name, nodeTasks.node, call));
    }
    const rescues: Record<string, Rescue> = {};
    const conclusions: Record<string, Conclusion> = {};
    for (const nodeTasks of tasks.values()) {
      const { name, options } = nodeTasks.node;
      conclusions[name] = nodeCode.conclusion(nodeTasks);
      if (options.onError !== undefined) rescues[name] = nodeCode.rescue(nodeTasks, options.onError);
    }
    return {
      tasks: code,
      rescues,
      conclusions,
      reducers: Object.fromEntries(
        Object.entries(channels).flatMap(([key, { reducer }]) => (reducer === undefined ? [] : [[key, reducer]])),
      ),
      inputs: (_, { does }) =>
        "use" in does && (does.use === START || does.use === gatherCode || does.use === joinCode) ? undefined : source,
      readChannels: true,
      update: (values) => nodeCode.writesOf(values),
      ...interruptsOf(this.shape, tasks),
      ...(this.version === undefined ? null : { version: this.version }),
    };
  }
}

/** What a route may answer. */
export type RouteAnswer<Label extends string> = RouteChoice &
  (
    | Label
    | typeof END
    | Exclude<RouteChoice, string | readonly unknown[]>
    | readonly (Label | Exclude<RouteChoice, string | readonly unknown[]>)[]
  );

/**
 * Define a state graph over these keys of a state.
 *
 * @throws HeddleError `OPTION_INVALID` when the name is no Id; everything else that is wrong with it is found when it is first used, all at once
 */
export function graph<const C extends Channels>(name: string, channels: C): Graph<C, never, never, InputOf<C>, OutputOf<C, keyof C>>;
export function graph<
  const C extends Channels,
  const Input extends keyof C & string = never,
  const Output extends keyof C & string = never,
  const Private extends keyof C & string = never,
>(
  name: string,
  channels: C,
  options: GraphOptions<keyof C & string, Input, Output, Private>,
): Graph<C, never, Input, InputOf<C, Input, Private>, OutputOf<C, [Output] extends [never] ? Exclude<keyof C, Private> : Output, Input>>;
export function graph(name: string, channels: Channels, options: GraphOptions<string, string, string, string> = {}): never {
  if (typeof name !== "string" || !/^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/.test(name))
    throw new HeddleError(
      "OPTION_INVALID",
      `${JSON.stringify(name) ?? typeof name} cannot name a graph: begin with a letter, digit or _, then also . : / and -, at most 128 characters.`,
      { data: { name } },
    );
  return new Graph(name, channels, options) as never;
}

function interruptsOf({ interruptBefore, interruptAfter }: GraphShape, tasks: CompiledGraph["tasks"]): Pick<PlanCode, "interrupts"> {
  if (interruptBefore.length === 0 && interruptAfter.length === 0) return {};
  const byTask = (names: readonly string[]): Map<string, string> =>
    new Map(
      names.flatMap((name) => {
        const { own, each } = tasks.get(name) as NodeTasks;
        return [own, each].flatMap((task): [string, string][] => (task === null ? [] : [[task, name]]));
      }),
    );
  return { interrupts: { before: byTask(interruptBefore), after: byTask(interruptAfter) } };
}

function invalid(name: string, faults: GraphFindings["faults"]): HeddleError {
  const shown = faults.slice(0, 10).map(({ message }) => `\n  - ${message}`);
  const more = faults.length > 10 ? `\n  … and ${faults.length - 10} more` : "";
  return new HeddleError(
    "GRAPH_INVALID",
    `Graph "${name}" has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:${shown.join("")}${more}`,
    {
      data: { faults },
    },
  );
}
