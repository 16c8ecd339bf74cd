import assert from "node:assert/strict";
import { test } from "node:test";
import { open, workflow } from "heddle";
import { crashCases } from "./crash-cases.ts";
import { FakePlace } from "./fake-place.ts";
import { HeldCommit } from "./held-commit.ts";
import { FaultCase, sqlite } from "./processes.ts";

crashCases(sqlite);

test("case 1: a crash is recorded once and raises the attempt once, however often the run is taken up before it gets on", async () => {
  await using place = new FakePlace();
  const attempts: number[] = [];
  let hang = true;
  const job = workflow("job", async (ctx) =>
    ctx.step(
      "work",
      ({ attempt }) => {
        attempts.push(attempt);
        if (hang) return new Promise<never>(() => {});
        if (attempts.length < 5) throw new Error("not yet");
        return "done";
      },
      { retry: { attempts: 4, initialMs: 3_600_000, factor: 1, jitter: "none" } },
    ),
  );
  const { engine, process } = await place.start({ workflows: [job] });
  await engine.start(job, undefined, { id: "r" });
  await place.until(() => attempts.length === 1, "it has begun");
  process.kill();
  hang = false;
  const next = await place.open({ workflows: [job], hotFrames: 0 });

  assert.equal(await place.clock.runUntil((await next.get("r")).result()), "done");
  assert.deepEqual(attempts, [1, 2, 3, 4, 5], "the fourth of four was the fifth in all");
  assert.equal((await place.journal("r")).filter(({ event }) => event.type === "run-crashed").length, 1);
});

test("case 5: when the process dies that ended the child, the parent's goes on within seconds, though it hears of nothing and its timeout is far", async () => {
  await using place = new FakePlace();
  const child = workflow("child", async (ctx) => ctx.receive<number>("go", "go"));
  const parent = workflow("parent", async (ctx) =>
    ctx.race("race", {
      child: (branch) => branch.call("child", child, undefined, { id: "kid" }),
      timeout: (branch) => branch.sleep("timeout", "1h"),
    }),
  );
  const engine = await place.open({ workflows: [parent], concurrency: 1 });
  using held = new HeldCommit("after");
  await place.open({ workflows: [child] }, held.wrap);
  const run = await engine.start(parent, undefined, { id: "p" });
  for (const id of ["p", "kid"]) await place.untilStatus(id, "waiting");
  const ends = held.hold(({ parts = [] }) => parts.some(({ release }) => release?.status === "completed"));
  await (await place.open({ passive: true })).signal("kid", "go", 7);
  await place.clock.runUntil(ends, 60_000);
  assert.equal((await place.row("kid")).status, "completed");

  // Nothing more ever comes from the process that holds this commit.
  assert.deepEqual(await place.clock.runUntil(run.result(), 10_000), { winner: "child", value: 7 });
});

test("case 7: while others of a process kill it each time, a run goes on and is not blamed; they are", async () => {
  using fault = new FaultCase();
  const names = ["poison-code", "poison-first", "long"];
  const known = names.map((name) => workflow(name, async () => null));
  await using engine = await open(fault.address, { passive: true, workflows: known });
  const ids = ["code", "step", "other-step", "third-step", "fine"];
  for (const id of ids) await engine.start(id === "code" ? "poison-code" : id === "fine" ? "long" : "poison-first", null, { id });
  const { deaths, line } = await fault.untilEnded("long", "fine", "", 40);
  assert.deepEqual(line, { result: "all" });

  for (const id of ids) {
    const name = id === "code" ? "poison-code" : id === "fine" ? "long" : "poison-first";
    const { line: end } = await fault.untilEnded(name, id, "", 40);
    if (name === "poison-first") assert.deepEqual(end, { result: { code: "STEP_POISONED", after: "went on" } }, id);
    else if (name === "poison-code") assert.deepEqual(end, { error: "RUN_FAILED" });
  }
  const done = fault.effects().flatMap(({ key = "" }) => (/^s\d+$/.test(key) ? [key] : []));
  assert.equal(new Set(done).size, 200);
  assert.ok(done.length <= 200 + deaths, `${done.length} steps in ${deaths} lives`);
  const dead = (await engine.list({ dead: true })).map(({ runId, dead }) => [runId, dead]);
  assert.deepEqual(dead, [["code", "STEP_POISONED"]]);
});
