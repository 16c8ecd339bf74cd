import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
// Preloaded before anything else: makes this Node say that it is an old one.
const old = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})`;

function onOldNode(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, ["--import", old, ...args], { cwd: root, encoding: "utf8" });
}

describe("a Node that is too old", () => {
  const entries: readonly (readonly [name: string, args: readonly string[]])[] = [
    ["npx heddle", ["packages/heddle/bin/heddle.js", "runs"]],
    ["npm start", ["scripts/start.cjs"]],
    ["npm test", ["-r", "./scripts/need-node.cjs", "scripts/test.ts"]],
  ];
  for (const [name, args] of entries) {
    test(`${name} says so in one sentence and exits with 2`, () => {
      // -r runs before --import, where an old Node really is old from the start: load the guard by hand there.
      const [first, guard, ...rest] = args;
      const { status, stdout, stderr } = first === "-r" ? onOldNode("--import", guard ?? "", ...rest) : onOldNode(...args);

      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^[^\n]*needs Node 24 or newer, and this is Node 20\.20\.2 [^\n]*\n$/);
      assert.doesNotMatch(stderr, / at .*:\d+/);
    });
  }

  test("every npm script that runs our code looks at the Node first", async () => {
    const { default: manifest } = (await import("../../package.json", { with: { type: "json" } })) as {
      default: { scripts: Record<string, string> };
    };
    const guarded = /^node (-r \.\/scripts\/need-node\.cjs \S+\.ts|scripts\/(start|link-node)\.cjs)( |$)/;
    const tools = /^(tsc|oxlint|biome|knip) /;
    for (const [name, command] of Object.entries(manifest.scripts)) {
      for (const part of command.split(" && ")) assert.ok(guarded.test(part) || tools.test(part), `${name}: ${part}`);
    }
  });
});
