import assert from "node:assert/strict";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { bundlePackage, entryPoints, moveAddresses } from "../pack/bundle-package.ts";
import { leftoverReference, rewriteDeclaration } from "../pack/rewrite-declaration.ts";
import { stagedManifest } from "../pack/staged-manifest.ts";

/** A package with two entry points that share a class, a program that is started, a thread, and a file beside `src`. */
const sources = {
  "bin/program.js": `import(new URL("../src/tool/main.ts", import.meta.url).href);`,
  "src/index.ts": `export { Kept } from "./kept.ts"; export const inner = import.meta.url.split("/").at(-1);`,
  "src/internal.ts": `export { Kept } from "./kept.ts";`,
  "src/kept.ts": `export class Kept { static failing(): never { throw new Error("broken"); } }`,
  "src/tool/main.ts": `import { threadUrl } from "../deep/er/start-thread.ts"; export const found = [new URL("../../package.json", import.meta.url).href, threadUrl.href];`,
  "src/deep/er/start-thread.ts": `export const threadUrl: URL = new URL("./thread.ts", import.meta.url);`,
  "src/deep/er/thread.ts": `import { Kept } from "../../kept.ts"; export const kept: typeof Kept = Kept;`,
};
const exported = {
  name: "sample",
  version: "1.0.0",
  exports: { ".": "./src/index.ts", "./internal": "./src/internal.ts", "./x.json": "./src/x.json" },
};

function sample(files: Readonly<Record<string, string>>): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "heddle-pack-"));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  const remove = (): void => rmSync(path, { recursive: true });
  return { path, [Symbol.dispose]: remove };
}

describe("packing", () => {
  test("what a package exports, what its programs start and what its threads run are entry points", () => {
    using source = sample(sources);

    assert.deepEqual(entryPoints(source.path, exported), {
      imported: ["index.ts", "internal.ts", "tool/main.ts"],
      threads: ["deep/er/thread.ts"],
    });
  });

  test("two entry points of one name are refused", () => {
    using source = sample({ ...sources, "src/other/main.ts": "", "bin/other.js": `new URL("../src/other/main.ts", import.meta.url)` });

    assert.throws(
      () => entryPoints(source.path, exported),
      /src\/other\/main\.ts and src\/tool\/main\.ts would both become dist\/main\.js/,
    );
  });

  test("addresses in code lead from dist to where the files are", () => {
    const text = [
      `new Worker(new URL("./thread.ts", import.meta.url));`,
      `new URL('../../../package.json', import.meta.url)`,
      `new URL("./page.html", import.meta.url)`,
      `new URL("https://example.com/a.ts")`,
    ].join("\n");

    assert.equal(
      moveAddresses(text, "deep/er"),
      [
        `new Worker(new URL("./thread.js", import.meta.url));`,
        `new URL('../package.json', import.meta.url)`,
        `new URL("./deep/er/page.html", import.meta.url)`,
        `new URL("https://example.com/a.ts")`,
      ].join("\n"),
    );
  });

  test("a bundle has each class once, finds its files, and names its functions in stack traces", async () => {
    using source = sample(sources);
    const dist = join(source.path, "dist");
    const load = (file: string): Promise<Record<string, unknown>> => import(pathToFileURL(join(dist, file)).href);

    await bundlePackage(source.path, exported, dist);
    writeFileSync(join(source.path, "package.json"), `{ "type": "module" }`);
    assert.deepEqual(
      globSync("*", { cwd: dist })
        .filter((file) => !file.startsWith("chunk-"))
        .sort(),
      ["index.js", "internal.js", "main.js", "thread.js"],
    );
    const { Kept } = await load("index.js");
    assert.equal(Kept, (await load("internal.js"))["Kept"]);
    assert.throws(
      () => (Kept as { failing(): never }).failing(),
      (error: Error) => /at (Function|Kept)\.failing .*chunk-\w+\.js:\d+/.test(error.stack ?? ""),
    );
    assert.doesNotMatch(readFileSync(join(dist, "thread.js"), "utf8"), /^import /m);
    const { found } = await load("main.js");
    assert.deepEqual(
      found,
      ["package.json", "dist/thread.js"].map((file) => pathToFileURL(join(source.path, file)).href),
    );
  });

  test("imports of declarations lead to the built files", () => {
    const built = [
      `export type { A } from "./a.ts";`,
      `import type { B } from "../b/b.ts";`,
      `export declare function f(): import("./c.ts").C;`,
      `import { z } from "zod";`,
      `const text = "a.ts";`,
    ].join("\n");

    const rewritten = rewriteDeclaration(built);
    assert.equal(
      rewritten,
      [
        `export type { A } from "./a.js";`,
        `import type { B } from "../b/b.js";`,
        `export declare function f(): import("./c.js").C;`,
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
