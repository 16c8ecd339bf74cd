import { END, START, type GraphShape } from "./graph-shape.ts";

/** What a graph is made of, as data. */
export interface GraphManifest {
  readonly name: string;
  readonly version?: string;
  /** The same for the same structure. */
  readonly hash: string;
  readonly state: readonly {
    readonly key: string;
    readonly kind: string;
    readonly private: boolean;
    /** A run must be started with it. */
    readonly required: boolean;
    readonly output: boolean;
  }[];
  readonly nodes: readonly {
    readonly name: string;
    /** `graph`, `workflow` or `code`. */
    readonly kind: string;
    readonly title?: string;
    readonly defer: boolean;
    readonly interrupt: readonly ("before" | "after")[];
  }[];
  /** `label` for what a route chooses, `send` for what runs once per item, `command` for what a node's command goes to. */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly kind: "edge" | "join" | "route" | "send" | "command";
    readonly label?: string;
  }[];
  readonly stepLimit: number;
}

export interface GraphOrder {
  readonly order: readonly string[];
  /** Nodes that lead back to themselves, loop by loop. */
  readonly loops: readonly (readonly string[])[];
}

export function graphManifest(shape: GraphShape, version: string | undefined, hash: string): GraphManifest {
  return {
    name: shape.name,
    ...(version === undefined ? null : { version }),
    hash,
    state: Object.entries(shape.channels).map(([key, { kind }]) => {
      const hidden = shape.private.includes(key);
      return { key, kind, private: hidden, required: shape.input?.includes(key) ?? false, output: shape.output?.includes(key) ?? !hidden };
    }),
    nodes: shape.nodes.map(({ name, run, options }) => ({
      name,
      kind: typeof run === "function" ? "code" : "shape" in run ? "graph" : "workflow",
      ...(options.title === undefined ? null : { title: options.title }),
      defer: options.defer ?? false,
      interrupt: [
        ...(shape.interruptBefore.includes(name) ? (["before"] as const) : []),
        ...(shape.interruptAfter.includes(name) ? (["after"] as const) : []),
      ],
    })),
    edges: edgesOf(shape),
    stepLimit: shape.stepLimit,
  };
}

function edgesOf(shape: GraphShape): GraphManifest["edges"] {
  return [
    ...shape.edges.flatMap(({ from, to, waits }) =>
      from.map((each) => ({ from: each, to, kind: waits ? ("join" as const) : ("edge" as const) })),
    ),
    ...shape.routes.flatMap(({ from, table, sends }) => [
      ...Object.entries(table).map(([label, to]) => ({ from, to, kind: "route" as const, label })),
      ...sends.map((to) => ({ from, to, kind: "send" as const })),
    ]),
    ...shape.nodes.flatMap(({ name, options }) => [
      ...(options.goto ?? []).map((to) => ({ from: name, to, kind: "command" as const })),
      ...(options.sends ?? []).map((to) => ({ from: name, to, kind: "send" as const })),
    ]),
  ];
}

/** Strong components by Tarjan's algorithm (1972), on a stack of its own; they come out last first. Cost: nodes and edges. */
export function sortGraph(shape: GraphShape): GraphOrder {
  const onward = new Map<string, string[]>(shape.nodes.map(({ name }) => [name, []]));
  for (const { from, to } of edgesOf(shape)) if (to !== END && from !== START) onward.get(from)?.push(to);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const components: string[][] = [];
  // Last first: of nodes that nothing leads to, the first added then comes out first.
  for (const root of [...onward.keys()].toReversed()) {
    if (index.has(root)) continue;
    const path: { node: string; next: number }[] = [];
    const enter = (node: string): void => {
      index.set(node, index.size);
      low.set(node, index.get(node) as number);
      open.push(node);
      isOpen.add(node);
      path.push({ node, next: (onward.get(node) as string[]).length - 1 });
    };
    enter(root);
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const { node } = at;
      const to = (onward.get(node) as string[])[at.next--];
      if (to !== undefined) {
        if (!onward.has(to)) continue;
        if (!index.has(to)) enter(to);
        else if (isOpen.has(to)) low.set(node, Math.min(low.get(node) as number, index.get(to) as number));
        continue;
      }
      path.pop();
      const above = path.at(-1);
      if (above !== undefined) low.set(above.node, Math.min(low.get(above.node) as number, low.get(node) as number));
      if (low.get(node) !== index.get(node)) continue;
      const component = open.splice(open.indexOf(node));
      for (const each of component) isOpen.delete(each);
      components.push(component);
    }
  }
  const sorted = components.toReversed();
  const leadsToItself = (component: readonly string[]): boolean =>
    component.length > 1 || (onward.get(component[0] as string) as string[]).includes(component[0] as string);
  return { order: sorted.flat(), loops: sorted.filter(leadsToItself) };
}
