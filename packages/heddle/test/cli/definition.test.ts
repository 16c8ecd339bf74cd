import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { HeddleError } from "@heddle/kernel";
import { loadDefinition } from "../../src/cli/load-definition.ts";

let cwd = "";
before(() => {
  cwd = mkdtempSync(join(tmpdir(), "heddle-cli-"));
  const order = `{ kind: "workflow", name: "order", options: {}, run: async () => 1 }`;
  const files = {
    "one.mjs": `export const order = ${order}; export const limit = 3;`,
    "two.ts": `const a: object = ${order}; export const order = a; export const refund = { ...a, name: "refund" };`,
    "default.mjs": `export const other = { ...${order}, name: "other" }; export default ${order};`,
    "none.mjs": "export const limit = 3;",
    "empty.mjs": "",
    "broken.ts": "export const x: = 3;",
    "throws.mjs": 'throw new TypeError("no database");',
    "enum.ts": "export enum Colour { Red }",
    "imports.mjs": 'import "no-such-package-anywhere";',
    "lost.mjs": 'import "./gone.mjs";',
    "odd#name.mjs": `export const order = ${order};`,
    "plan.json": '{"heddle":1}',
    "bad.json": '{"heddle":1,}',
    "notes.txt": "hello",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  mkdirSync(join(cwd, "folder"));
});
after(() => rmSync(cwd, { recursive: true, force: true }));

async function named(argument: string): Promise<string> {
  const definition = await loadDefinition(argument, { cwd, env: {} });
  return definition.kind === "workflow"
    ? `${definition.workflow.name} of ${definition.source}, ${definition.workflows.length} in all`
    : `plan of ${definition.source}`;
}

async function fault(argument: string): Promise<HeddleError> {
  try {
    await loadDefinition(argument, { cwd, env: {} });
  } catch (error) {
    assert.ok(error instanceof HeddleError);
    return error;
  }
  assert.fail(`${argument} was loaded`);
}

async function says(argument: string): Promise<string> {
  const { code, message } = await fault(argument);
  return `${code}: ${message}`;
}

describe("a file's definition", () => {
  test("is the only workflow, the default export, or the one that is named", async () => {
    assert.equal(await named("one.mjs"), "order of one.mjs, 1 in all");
    assert.equal(await named("default.mjs"), "order of default.mjs, 2 in all");
    assert.equal(await named("two.ts#refund"), "refund of two.ts#refund, 2 in all");
    assert.equal(await named("./folder/../default.mjs#other"), "other of default.mjs#other, 2 in all");
    assert.equal(await named("odd#name.mjs"), "order of odd#name.mjs, 1 in all");
    assert.equal(await named("plan.json"), "plan of plan.json");
  });

  test("that is not there: the nearest file is named", async () => {
    assert.equal(await says("oen.mjs"), 'FILE_UNKNOWN: There is no file oen.mjs. Did you mean "one.mjs" or "none.mjs"?');
    assert.equal(
      await says("xyzzy.mjs"),
      "FILE_UNKNOWN: There is no file xyzzy.mjs. Check the path; it is read from the folder you are in.",
    );
    assert.equal(await says("nowhere/one.mjs"), "FILE_UNKNOWN: There is no file nowhere/one.mjs. There is no folder nowhere either.");
    assert.equal(await says("folder"), "FILE_UNKNOWN: folder is a folder; name a file in it.");
  });

  test("that is not exported: the exports are listed", async () => {
    assert.equal(
      await says("two.ts"),
      "EXPORT_UNKNOWN: two.ts has several workflows and no default export: it exports the workflows order, refund. Name one: two.ts#order.",
    );
    assert.equal(
      await says("two.ts#refnud"),
      'EXPORT_UNKNOWN: two.ts has no export refnud; it exports the workflows order, refund. Did you mean "two.ts#refund"?',
    );
    assert.equal(await says("one.mjs#limit"), "EXPORT_UNKNOWN: limit in one.mjs is no workflow; it exports the workflows order.");
    assert.equal(
      await says("none.mjs"),
      "EXPORT_UNKNOWN: none.mjs has no workflow: it exports limit, none of them a workflow. Export one made with workflow(…).",
    );
    assert.equal(
      await says("empty.mjs"),
      "EXPORT_UNKNOWN: empty.mjs has no workflow: it exports nothing. Export one made with workflow(…).",
    );
  });

  test("that cannot be loaded: why, and where in the file", async () => {
    assert.match(await says("throws.mjs"), /^FILE_FAILED: throws\.mjs cannot be loaded: TypeError: no database$/u);
    assert.match(((await fault("throws.mjs")).data.where as string[])[0] ?? "", /throws\.mjs:1:7/u);
    assert.match(await says("broken.ts"), /^FILE_FAILED: broken\.ts cannot be loaded: .+/u);
    assert.match(await says("enum.ts"), /^FILE_FAILED: enum\.ts cannot be loaded: .*enum.* Node runs TypeScript by leaving types out/su);
    assert.equal(
      await says("imports.mjs"),
      "FILE_FAILED: imports.mjs cannot be loaded: it imports no-such-package-anywhere, which is not installed; install it with npm.",
    );
    assert.match(await says("lost.mjs"), /^FILE_FAILED: lost\.mjs cannot be loaded: it imports \S*gone\.mjs, which is not there\.$/u);
    assert.equal(
      await says("notes.txt"),
      "FILE_FAILED: notes.txt cannot be loaded: its kind is unknown; it must end in .ts, .mts, .js, .mjs, .json, .yaml or .yml.",
    );
    assert.match(await says("bad.json"), /^JSON_INVALID: bad\.json is not JSON: unexpected "\}" after a comma at line 1, column 13\.$/u);
  });
});
