import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { open, workflow } from "heddle";
import { isGone, processName } from "../../src/engine/process-name.ts";

test("a name tells whether its process is gone, and nothing about processes of other places", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await once(child, "spawn");
  const mine = processName("x1");
  const theirs = mine.replace(`-${process.pid}-`, `-${child.pid}-`);

  assert.equal(isGone(theirs), false, "it lives");
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(isGone(theirs), true, "it was killed");
  assert.equal(isGone(mine), false);
  assert.equal(isGone(theirs.replace(hostname(), "elsewhere")), false, "another machine");
  assert.equal(isGone(theirs.replace(/\.[0-9a-f]{8}-/, ".00000000-")), false, "another boot or container");
  for (const name of ["", "worker-1", `${hostname()}-12-x`]) assert.equal(isGone(name), false);
});

for (const when of ["before", "after"])
  test(`the runs of a killed process of this machine are taken over without waiting for its lease, by one that was opened ${when} it was killed`, {
    timeout: 60_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "heddle-killed-"));
    try {
      const store = `sqlite:${join(folder, "heddle.db")}`;
      const code = `
      import { open, workflow } from "heddle";
      const stuck = workflow("stuck", (ctx) => ctx.step("work", () => { console.log("begun"); return new Promise(() => {}); }));
      const engine = await open(${JSON.stringify(store)}, { workflows: [stuck], leaseMs: 3_600_000 });
      await engine.start(stuck, undefined, { id: "r1" });
      setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
        cwd: import.meta.dirname,
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      const stuck = workflow("stuck", (ctx) => ctx.step("work", () => "done here"));
      // It looks each time that it gives a sign of life.
      const beside = when === "before" ? await open(store, { workflows: [stuck], leaseMs: 900 }) : null;
      child.kill("SIGKILL");
      await once(child, "exit");

      await using engine = beside ?? (await open(store, { workflows: [stuck] }));
      assert.equal(await (await engine.get("r1")).result(), "done here");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
