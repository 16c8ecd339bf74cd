import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { dag, dagSchema, hasCode, open } from "heddle";

const folder = join(import.meta.dirname, "dagwood");
const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

/** What each of DAGwood's files makes of "hello world"; null: it needs WebAssembly. */
const made: Readonly<Record<string, string | null>> = {
  "01-hello-world.yaml": "HELLO WORLD",
  "02-text-pipeline.yaml": ">>> DLROW OLLEH <<<",
  "03-diamond-analysis.yaml": "Analysis Complete: hello world [END]",
  "04-wasm-integration.yaml": null,
  "grain-rle-demo.yaml": null,
  "grain-simple.yaml": null,
  "rle_js.yaml": null,
  "rle_rust.yaml": null,
  "simple-text-pipeline.yaml": "[DLROW OLLEH]",
  "strategy-levelbylevel-demo.yaml": "[DLROW OLLEH]",
  "strategy-reactive-demo.yaml": "[DLROW OLLEH]",
  "strategy-workqueue-demo.yaml": "[DLROW OLLEH]",
  "wasm-hello-world-demo-reactive.yaml": null,
  "wasm-hello-world-demo.yaml": null,
};

describe("DAGwood's own files", () => {
  test("are all here", () => {
    assert.deepEqual(files.sort(), Object.keys(made).sort());
  });

  for (const file of files) {
    if (made[file] === null) {
      test(`27 unsupported backend: ${file} is refused for its WebAssembly alone, with the line, and nothing of it runs`, async () => {
        await assert.rejects(dag.load(join(folder, file)), (error: Error) => {
          assert.ok(hasCode(error, "DAG_PROCESSOR_UNAVAILABLE"), error.message);
          assert.match(
            error.message,
            /\.yaml:\d+:5: Node "\w+" needs a processor of type wasm\. The package that runs WebAssembly is not there yet\./,
          );
          return true;
        });
      });
    } else {
      test(`${file} loads unchanged and runs`, async () => {
        const pipeline = await dag.load(join(folder, file));
        assert.deepEqual(pipeline.warnings, []);
        await using engine = await open("memory:");
        const { status, payload } = await (await engine.start(pipeline, "hello world")).result();

        assert.deepEqual({ status, payload }, { status: "completed", payload: made[file] });
      });
    }
  }

  test("are named after the file, where they have no name of their own", async () => {
    assert.equal((await dag.load(join(folder, "01-hello-world.yaml"))).name, "01-hello-world");
  });
});

test("the published schema of DAG files is the one that the code has: run `npm run write:dag-schema` when it is not", () => {
  const published: unknown = JSON.parse(
    readFileSync(join(import.meta.dirname, "..", "..", "src", "dag", "config", "dag.schema.json"), "utf8"),
  );
  assert.deepEqual(published, dagSchema);
});
