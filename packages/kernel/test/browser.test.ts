import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import vm from "node:vm";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const source = join(import.meta.dirname, "..", "src");

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: source, loader: "ts" },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "kernel",
    target: "es2024",
    minify: true,
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? assert.fail("nothing was written");
}

test("no source of the kernel imports anything but the kernel, not even a type", async () => {
  const files = globSync("**/*.ts", { cwd: source });
  assert.ok(files.length > 40);
  for (const file of files) {
    for (const [, from, alone] of readFileSync(join(source, file), "utf8").matchAll(
      /^(?:(?:import|export)\b.*|\}) from "([^"]+)";|^import "([^"]+)";/gm,
    )) {
      assert.match(from ?? alone ?? "", /^\.\.?\//, `${file} imports ${from ?? alone}`);
    }
  }
  const { metafile } = await build({
    entryPoints: files.map((file) => join(source, file)),
    bundle: true,
    platform: "browser",
    format: "esm",
    outdir: "out",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
  assert.deepEqual(
    imported.filter(({ external }) => external === true),
    [],
  );
  assert.ok(
    Object.keys(metafile.inputs).every((input) => input.startsWith("packages/kernel/src/")),
    "the tests run at the root of the repository",
  );
});

test("the kernel bundles for a browser and runs there, where there is no Node", async (t) => {
  const text = await bundle('export * from "./index.ts"; export * from "./draw.ts"; export * as internal from "./internal.ts";');
  t.diagnostic(`the whole kernel: ${text.length} bytes, ${gzipSync(text).length} compressed`);

  // What every browser has, and nothing of Node's.
  const page = vm.createContext({ URL, TextEncoder, TextDecoder });
  vm.runInContext(text, page);
  const done: unknown = vm.runInContext(
    `(() => {
      const { checkPlan, compilePlan, createRun, advance, planHash, encodeValue, decodeValue, drawSvg, durationMs } = kernel;
      const plan = checkPlan({ heddle: 1, name: "p", discipline: "eager", tasks: {
        a: { does: { use: "a" }, when: [{ id: "a", after: [], join: "all", untaken: "wait" }] } } });
      const run = createRun(compilePlan(plan));
      const commands = advance(run, { atMs: 1, type: "run-started", workflow: "p", planHash: planHash(plan) });
      const value = decodeValue(JSON.parse(JSON.stringify(encodeValue({ at: new Date(5), bytes: new Uint8Array([1, 2]), big: 1n }))));
      return JSON.stringify([commands[0].task, value.at.getTime(), [...value.bytes], String(value.big), drawSvg(plan).startsWith("<svg"), durationMs("1h")]);
    })()`,
    page,
  );
  assert.equal(done, '["a",5,[1,2],"1",true,3600000]');
});

test("who runs plans does not load what draws them", async () => {
  const reach = async (entry: string): Promise<string[]> => {
    const { metafile } = await build({ entryPoints: [join(source, entry)], bundle: true, format: "esm", write: false, metafile: true });
    return Object.keys(metafile.inputs).filter((file) => file.includes("/plan/draw/"));
  };

  assert.ok((await reach("draw.ts")).length > 5);
  assert.deepEqual(await reach("index.ts"), []);
  assert.deepEqual(await reach("internal.ts"), []);
});

test("who takes little gets little: retry arithmetic does not bring the rest along", async (t) => {
  const [all, little] = [await bundle('export * from "./index.ts";'), await bundle('export { mayRetry } from "./index.ts";')];
  t.diagnostic(`mayRetry alone: ${little.length} bytes`);
  assert.ok(little.length * 10 < all.length, `${little.length} of ${all.length} bytes`);
});
