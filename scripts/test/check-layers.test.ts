import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkLayers, layerOf } from "../layers/check.ts";
import { findCycles } from "../layers/find-cycles.ts";
import { readImports } from "../layers/read-imports.ts";
import { layers } from "../layers/rules.ts";

/** Faults of a small tree: its files by path, and the names that each package.json lists under "dependencies". */
function faultsOf(sources: Record<string, string>, dependencies: Record<string, readonly string[]> = {}): string[] {
  const manifests = new Map(Object.entries(dependencies).map(([folder, names]) => [folder, { runtime: names, all: names }]));
  return checkLayers({ sources: new Map(Object.entries(sources)), manifests });
}

describe("the layer check", () => {
  test("a tree that keeps the table has no faults", () => {
    const faults = faultsOf({
      "packages/kernel/src/index.ts": `export { advance } from "./advance.ts";\n`,
      "packages/kernel/src/advance.ts": "export const advance = 1;\n",
      "packages/heddle/src/index.ts": `export { open } from "./engine/open.ts";\n`,
      "packages/heddle/src/engine/open.ts": `import { hostname } from "node:os";\nimport { advance } from "@heddle/kernel";\nexport const open = [hostname, advance];\n`,
      "packages/kernel/src/draw.ts": "export const draw = 1;\n",
      "packages/heddle/src/cli/graph.ts": `export { draw } from "@heddle/kernel/draw";\n`,
      "packages/heddle/test/open.test.ts": `import { open } from "heddle";\nimport { open as same } from "../src/engine/open.ts";\nexport const both = [open, same];\n`,
    });
    assert.deepEqual(faults, []);
  });

  const forbidden: readonly (readonly [name: string, file: string, source: string, fault: RegExp])[] = [
    [
      "the kernel with a Node module",
      "packages/kernel/src/a.ts",
      `import { join } from "node:path";`,
      /a\.ts:1: kernel runs without Node, but imports node:path/,
    ],
    [
      "the kernel with a dependency",
      "packages/kernel/src/a.ts",
      `import { z } from "zod";`,
      /the kernel has no dependency, but imports zod/,
    ],
    ["the kernel with heddle", "packages/kernel/src/a.ts", `import { open } from "heddle";`, /kernel may not import heddle/],
    ["a store with the engine", "packages/heddle/src/stores/a.ts", `import { b } from "../engine/b.ts";`, /stores may not import engine/],
    [
      "a store with a type of the engine",
      "packages/heddle/src/stores/a.ts",
      `import type { B } from "../engine/b.ts";`,
      /stores may not import engine/,
    ],
    [
      "a workflow with a store",
      "packages/heddle/src/workflow/a.ts",
      `export { b } from "../stores/b.ts";`,
      /workflow may not import stores/,
    ],
    ["the engine with the command line", "packages/heddle/src/engine/a.ts", `await import("../cli/b.ts");`, /engine may not import cli/],
    [
      "heddle with the testing package",
      "packages/heddle/src/engine/a.ts",
      `import { clock } from "@heddle/testing";`,
      /engine may not import testing/,
    ],
    ["heddle with tests", "packages/heddle/src/engine/a.ts", `import { b } from "../../test/b.ts";`, /engine may not import tests/],
    [
      "a path into another package",
      "packages/heddle/src/engine/a.ts",
      `import { b } from "../../../kernel/src/b.ts";`,
      /path into another package/,
    ],
    [
      "a path behind a package's name",
      "packages/heddle/src/engine/a.ts",
      `import { b } from "@heddle/kernel/src/b.ts";`,
      /path into another package/,
    ],
    [
      "an undeclared package",
      "packages/heddle/src/engine/a.ts",
      `import { z } from "zod";`,
      /zod is not declared in packages\/heddle\/package\.json/,
    ],
    ["an example with internals", "examples/01-a/a.ts", `import { b } from "heddle/internal";`, /examples may not use heddle\/internal/],
    [
      "a worker of another layer",
      "packages/heddle/src/stores/a.ts",
      `new Worker(new URL("../engine/b.ts", import.meta.url));`,
      /stores may not import engine/,
    ],
    ["a file that is not there", "packages/heddle/src/engine/a.ts", `import { c } from "./c.ts";`, /\.\/c\.ts is no file/],
  ];
  for (const [name, file, source, fault] of forbidden) {
    test(`${name} is found, with file and line`, () => {
      const faults = faultsOf(
        {
          [file]: `${source}\n`,
          "packages/heddle/src/engine/b.ts": "",
          "packages/heddle/src/stores/b.ts": "",
          "packages/heddle/src/cli/b.ts": "",
          "packages/heddle/test/b.ts": "",
        },
        { "": ["zod"] },
      );
      assert.equal(faults.length, 1, faults.join("\n"));
      assert.match(faults[0] ?? "", fault);
      assert.ok(faults[0]?.startsWith(`${file}:1: `));
    });
  }

  test("a kernel that reads the clock is found", () => {
    assert.deepEqual(faultsOf({ "packages/kernel/src/a.ts": "export const at = new Date();\n" }), [
      "packages/kernel/src/a.ts: kernel reads no clock, but makes a Date of now",
    ]);
    assert.deepEqual(faultsOf({ "packages/kernel/src/a.ts": "export const at = new Date(0);\n" }), []);
  });

  test("a dependency in the kernel's package.json is found", () => {
    const [fault] = faultsOf({}, { "packages/kernel": ["left-pad"] });
    assert.match(fault ?? "", /the kernel has no dependency, but lists left-pad/);
  });

  test("a file of an unknown folder is found", () => {
    const [fault] = faultsOf({ "packages/new/src/a.ts": "" });
    assert.match(fault ?? "", /belongs to no layer/);
  });

  test("files that import each other are found, with the way round; types alone make no cycle", () => {
    const tree = {
      "packages/heddle/src/engine/a.ts": `import { b } from "./b.ts";\n`,
      "packages/heddle/src/engine/b.ts": `import { c } from "./c.ts";\n`,
      "packages/heddle/src/engine/c.ts": `import type { A } from "./a.ts";\n`,
    };
    assert.deepEqual(faultsOf(tree), []);

    const faults = faultsOf({ ...tree, "packages/heddle/src/engine/c.ts": `import { a } from "./a.ts";\n` });
    const path = (name: string): string => `packages/heddle/src/engine/${name}.ts`;
    assert.deepEqual(faults, [`${path("a")}: imports itself: ${[path("a"), path("b"), path("c"), path("a")].join(" -> ")}`]);
  });

  test("the table itself has no cycle, and names only layers that exist", () => {
    assert.deepEqual(findCycles(new Map(layers.map((layer) => [layer.name, layer.imports]))), []);
    const names = new Set(layers.map((layer) => layer.name));
    for (const layer of layers) for (const name of layer.imports) assert.ok(names.has(name), name);
  });

  test("the longest folder decides the layer", () => {
    assert.equal(layerOf("packages/heddle/src/engine/frame/history.ts")?.name, "engine");
    assert.equal(layerOf("packages/heddle/src/open.ts")?.name, "heddle");
    assert.equal(layerOf("packages/kernel/test/plan.test.ts")?.name, "kernel tests");
    assert.equal(layerOf("packages/heddle/test/open.test.ts")?.name, "tests");
  });
});

describe("reading imports", () => {
  test("statements over several lines, re-exports, side effects and dynamic imports are seen, with their lines", () => {
    const source = [
      `import { a,`,
      `  b } from "./one.ts";`,
      `export * from "./two.ts";`,
      `import "./three.ts";`,
      `const four = await import("./four.ts");`,
      `import type { T } from "./five.ts";`,
      `import six, { type S } from "./six.ts";`,
    ].join("\n");
    assert.deepEqual(
      readImports(source).map(({ specifier, line, typeOnly }) => `${line} ${specifier}${typeOnly ? " type" : ""}`),
      ["1 ./one.ts", "3 ./two.ts", "4 ./three.ts", "5 ./four.ts", "6 ./five.ts type", "7 ./six.ts"],
    );
  });

  test("comments, templates and plain exports are no imports", () => {
    const source = [
      `// import "./a.ts"`,
      `/*`,
      `import "./b.ts"`,
      `*/`,
      "const text = `",
      `import "./c.ts";`,
      "`;",
      `export const name = "./d.ts";`,
    ].join("\n");
    assert.deepEqual(readImports(source), []);
  });
});
