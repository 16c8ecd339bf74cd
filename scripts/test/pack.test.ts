import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { leftoverReference, rewriteBuilt } from "../pack/rewrite-built.ts";
import { stagedManifest } from "../pack/staged-manifest.ts";

describe("packing", () => {
  test("imports of declarations and addresses of workers lead to the built files", () => {
    const built = [
      `export type { A } from "./a.ts";`,
      `import type { B } from "../b/b.ts";`,
      `export declare function f(): import("./c.ts").C;`,
      `new Worker(new URL("./worker.ts", import.meta.url));`,
      `import { z } from "zod";`,
      `const text = "a.ts";`,
    ].join("\n");

    const rewritten = rewriteBuilt(built);
    assert.equal(
      rewritten,
      [
        `export type { A } from "./a.js";`,
        `import type { B } from "../b/b.js";`,
        `export declare function f(): import("./c.js").C;`,
        `new Worker(new URL("./worker.js", import.meta.url));`,
        `import { z } from "zod";`,
        `const text = "a.ts";`,
      ].join("\n"),
    );
    assert.equal(leftoverReference(rewritten), undefined);
  });

  test("a reference to a source file that would be missing is found", () => {
    assert.equal(leftoverReference(`const file = join(here, "./worker.ts");`), "./worker.ts");
    assert.equal(leftoverReference("const file = `../worker.ts`;"), "../worker.ts");
    assert.equal(leftoverReference(`import "./a.d.ts";`), undefined);
    assert.equal(leftoverReference(`new URL(source ? "./worker.ts" : "./worker.js", import.meta.url)`), undefined);
  });

  test("the published package.json exports dist, names the Node that is needed, and keeps what npm shows", () => {
    const manifest = stagedManifest({
      name: "heddle",
      version: "1.2.3",
      description: "words",
      license: "MIT",
      type: "module",
      exports: { ".": "./src/index.ts", "./internal": "./src/internal.ts", "./plan.schema.json": "./src/plan/plan.schema.json" },
      bin: { heddle: "bin/heddle.js" },
      dependencies: { "@heddle/kernel": "1.2.3" },
    });

    assert.deepEqual(manifest, {
      name: "heddle",
      version: "1.2.3",
      description: "words",
      license: "MIT",
      type: "module",
      engines: { node: ">=24" },
      exports: {
        ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
        "./internal": { types: "./dist/internal.d.ts", default: "./dist/internal.js" },
        "./plan.schema.json": "./dist/plan/plan.schema.json",
        "./package.json": "./package.json",
      },
      bin: { heddle: "bin/heddle.js" },
      files: ["dist", "bin"],
      dependencies: { "@heddle/kernel": "1.2.3" },
    });
  });
});
