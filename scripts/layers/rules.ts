/** A part of the house: the files of a folder and what they may import. */
export interface Layer {
  readonly name: string;
  /** Its folder, or its only file; a `*` stands for one folder. The longest that fits counts. */
  readonly folder: string;
  /** Layers that it may import, besides itself. */
  readonly imports: readonly string[];
  /** True when it may use Node's own modules. */
  readonly node: boolean;
  /** True when it may use `heddle/internal` and `@heddle/kernel/internal`. */
  readonly internals: boolean;
}

/**
 * The table. A layer stands below everything that it may import, so imports point only upward in this list;
 * `check-layers` also finds cycles between files of one layer, paths into another package and undeclared packages.
 */
export const layers: readonly Layer[] = [
  // The kernel decides. It imports nothing but itself and runs in a browser.
  { name: "kernel", folder: "packages/kernel/src", imports: [], node: false, internals: false },
  // heddle: what people write, what keeps, what does, what people type.
  { name: "workflow", folder: "packages/heddle/src/workflow", imports: ["kernel"], node: false, internals: true },
  { name: "stores", folder: "packages/heddle/src/stores", imports: ["kernel"], node: true, internals: true },
  { name: "engine", folder: "packages/heddle/src/engine", imports: ["kernel", "workflow"], node: true, internals: true },
  // Front-ends: what compiles to a Plan.
  { name: "workload", folder: "packages/heddle/src/workload", imports: ["kernel", "workflow", "engine"], node: true, internals: true },
  { name: "compare", folder: "packages/heddle/src/compare", imports: ["kernel", "workflow", "engine"], node: true, internals: true },
  { name: "dag", folder: "packages/heddle/src/dag", imports: ["kernel", "workflow", "engine"], node: true, internals: true },
  // The one place that knows an engine and a store by name.
  {
    name: "open",
    folder: "packages/heddle/src/engine/open.ts",
    imports: ["kernel", "workflow", "stores", "engine"],
    node: true,
    internals: true,
  },
  // Ways to write work: each compiles to a Plan, and owns nothing that the engine has.
  { name: "graph", folder: "packages/heddle/src/graph", imports: ["kernel", "workflow", "engine", "open"], node: false, internals: true },
  {
    name: "heddle",
    folder: "packages/heddle/src",
    imports: ["kernel", "workflow", "stores", "engine", "graph", "dag", "workload", "compare", "open"],
    node: true,
    internals: true,
  },
  {
    name: "cli",
    folder: "packages/heddle/src/cli",
    imports: ["kernel", "workflow", "stores", "engine", "dag", "workload", "compare", "open", "heddle"],
    node: true,
    internals: true,
  },
  // Adapters: a store each, and nothing of the engine.
  { name: "postgres", folder: "packages/postgres/src", imports: ["kernel"], node: true, internals: false },
  // Front doors for other libraries' programs: nodes of a store that own runs of their own kind.
  { name: "langgraph", folder: "packages/langgraph/src", imports: ["kernel", "heddle"], node: true, internals: true },
  // Around it.
  { name: "testing", folder: "packages/testing/src", imports: ["kernel", "heddle"], node: true, internals: true },
  { name: "kernel tests", folder: "packages/kernel/test", imports: ["kernel"], node: true, internals: true },
  {
    name: "tests",
    folder: "packages/*/test",
    imports: [
      "kernel",
      "workflow",
      "stores",
      "engine",
      "dag",
      "workload",
      "compare",
      "open",
      "heddle",
      "cli",
      "postgres",
      "langgraph",
      "testing",
    ],
    node: true,
    internals: true,
  },
  { name: "examples", folder: "examples", imports: ["kernel", "heddle", "testing"], node: true, internals: false },
  { name: "bench", folder: "bench", imports: ["kernel", "heddle", "postgres", "testing", "scripts"], node: true, internals: true },
  { name: "scripts", folder: "scripts", imports: ["kernel", "heddle", "testing"], node: true, internals: false },
];

/** What an import by a package's name reaches: its index, which belongs to this layer, or another file in `src` that it exports. */
export const packageIndexes: Readonly<
  Record<string, { readonly layer: string; readonly folder: string; readonly entries: readonly string[] }>
> = {
  "@heddle/kernel": { layer: "kernel", folder: "packages/kernel", entries: ["draw", "internal"] },
  heddle: { layer: "heddle", folder: "packages/heddle", entries: ["internal"] },
  "@heddle/postgres": { layer: "postgres", folder: "packages/postgres", entries: [] },
  "@heddle/langgraph": { layer: "langgraph", folder: "packages/langgraph", entries: [] },
  "@heddle/testing": { layer: "testing", folder: "packages/testing", entries: [] },
};
