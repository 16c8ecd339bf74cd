/** What can be read of a graph that LangGraph.js has compiled. Only this slice of it is known here, so that the package needs no LangGraph of its own. */
export interface CompiledShape {
  readonly name: string;
  /** State keys. */
  readonly channels: Readonly<Record<string, CompiledChannel>>;
  readonly nodes: Readonly<Record<string, CompiledNode>>;
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** They wait for all that they come from. */
  readonly joins: readonly (readonly [from: readonly string[], to: string])[];
  readonly branches: readonly CompiledBranch[];
  /** Keys that it takes, and keys that it gives. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly interruptBefore: readonly string[];
  readonly interruptAfter: readonly string[];
  readonly stepLimit: number;
  /** It was compiled with these; their values are LangGraph's. */
  readonly store: unknown;
  readonly hasCache: boolean;
  readonly hasRetryPolicy: boolean;
}

export interface CompiledChannel {
  /** Name of its class, as it calls itself. */
  readonly lc_graph_name?: string;
  readonly operator?: (held: unknown, written: unknown) => unknown;
  readonly initialValueFactory?: () => unknown;
  readonly accumulate?: boolean;
  readonly unique?: boolean;
  readonly guard?: boolean;
}

export interface CompiledNode {
  readonly runnable: Invocable;
  /** Keys that it is given. */
  readonly reads: readonly string[];
  /** It is itself a compiled graph. */
  readonly isGraph: boolean;
  readonly retryPolicy: Readonly<Record<string, unknown>> | undefined;
  readonly cachePolicy: Readonly<Record<string, unknown>> | undefined;
  readonly hasMetadata: boolean;
  /** Where its commands may lead. */
  readonly ends: readonly string[];
  readonly defer: boolean;
}

export interface CompiledBranch {
  readonly from: string;
  readonly path: Invocable;
  /** By what `path` answers; undefined: its answers are nodes. */
  readonly ends: Readonly<Record<string, string>> | undefined;
}

export interface Invocable {
  invoke(input: unknown, config: object): Promise<unknown>;
}

/** LangGraph's own limit of steps. */
const usualLimit = 25;

/** @returns null: it is no compiled `StateGraph` of a version that is known here */
export function readCompiled(compiled: unknown): CompiledShape | null {
  if (!isRecord(compiled) || !isRecord(compiled["builder"])) return null;
  const { builder } = compiled;
  const { channels, nodes, edges, waitingEdges, branches, _schemaDefinitions: schemas } = builder;
  if (!isRecord(channels) || !isRecord(nodes) || !isRecord(branches)) return null;
  if (!(edges instanceof Set) || !(waitingEdges instanceof Set) || !(schemas instanceof Map)) return null;
  const keysOf = (definition: unknown): readonly string[] => Object.keys((schemas.get(definition) as object | undefined) ?? channels);
  const all = Object.keys(nodes);
  const stops = (given: unknown): readonly string[] => (given === "*" ? all : ((given as readonly string[] | undefined) ?? []));
  const settings = isRecord(compiled["config"]) ? compiled["config"] : {};
  return {
    name: typeof compiled["name"] === "string" ? compiled["name"] : "",
    channels: channels as Readonly<Record<string, CompiledChannel>>,
    nodes: Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, readNode(node as Record<string, unknown>, keysOf)])),
    edges: [...edges] as CompiledShape["edges"],
    joins: [...waitingEdges] as CompiledShape["joins"],
    branches: Object.entries(branches as Record<string, Record<string, Record<string, unknown>>>).flatMap(([from, named]) =>
      Object.values(named).map(({ path, ends }) => ({ from, path: path as Invocable, ends: ends as CompiledBranch["ends"] })),
    ),
    input: keysOf(builder["_inputDefinition"]),
    output: keysOf(builder["_outputDefinition"]),
    interruptBefore: stops(compiled["interruptBefore"]),
    interruptAfter: stops(compiled["interruptAfter"]),
    stepLimit: typeof settings["recursionLimit"] === "number" ? settings["recursionLimit"] : usualLimit,
    store: compiled["store"],
    hasCache: compiled["cache"] != null,
    hasRetryPolicy: compiled["retryPolicy"] != null,
  };
}

function readNode(node: Record<string, unknown>, keysOf: (definition: unknown) => readonly string[]): CompiledNode {
  const { runnable, input, retryPolicy, cachePolicy, metadata, ends, defer } = node;
  return {
    runnable: runnable as Invocable,
    reads: keysOf(input),
    isGraph: isRecord(runnable) && "lg_is_pregel" in runnable,
    retryPolicy: isRecord(retryPolicy) ? retryPolicy : undefined,
    cachePolicy: isRecord(cachePolicy) ? cachePolicy : undefined,
    hasMetadata: isRecord(metadata) && Object.keys(metadata).length > 0,
    ends: Array.isArray(ends) ? (ends as string[]) : [],
    defer: defer === true,
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
