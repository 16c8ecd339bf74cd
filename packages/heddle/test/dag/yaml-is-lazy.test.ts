import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { dag, open } from "heddle";

const { cache } = createRequire(import.meta.url);

function isLoaded(): boolean {
  return Object.keys(cache).some((path) => /[\\/]node_modules[\\/]yaml[\\/]/.test(path));
}

test("a process that reads no DAG file does not load the YAML package, nor does one whose DAGs are objects", async () => {
  await using engine = await open("memory:");
  await (await engine.start(dag({ processors: [{ id: "a", processor: "reverse_text" }] }), "ab")).result();
  assert.equal(isLoaded(), false);

  await dag.check("processors: []");
  assert.equal(isLoaded(), true);
});
