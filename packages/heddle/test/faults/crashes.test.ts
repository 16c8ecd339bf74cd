import assert from "node:assert/strict";
import { test } from "node:test";
import { open, workflow } from "heddle";
import { FakePlace } from "./fake-place.ts";
import { HeldCommit } from "./held-commit.ts";
import { FaultCase } from "./processes.ts";

test("case 1: killed after the effect and before its record, the step runs again with the same idempotency key and a higher attempt, and is recorded once", async () => {
  using fault = new FaultCase();
  const { deaths, line } = await fault.untilEnded("killed-after-effect", "r", "die", 3);

  assert.equal(deaths, 1);
  assert.deepEqual(line, { result: "done" });
  const charges = fault.effects().filter(({ key }) => key === "charge");
  assert.deepEqual(
    charges.map(({ attempt }) => attempt),
    [1, 2],
  );
  assert.equal(charges[0]?.idempotencyKey, charges[1]?.idempotencyKey);
  assert.equal(fault.effects().filter(({ key }) => key === "before").length, 1, "what was recorded does not happen again");
  assert.deepEqual(
    (await fault.journal("r")).flatMap((event) => (event.type === "op-ended" ? [[event.key, event.attempt ?? 1]] : [])),
    [
      ["before", 1],
      ["charge", 2],
      ["after", 1],
    ],
  );
});

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

for (const [when, mode] of [
  ["and its value was given to the code", "die"],
  ["and before anybody was told", 'die-at-commit "key":"draw"'],
] as const) {
  test(`case 2: killed after the record ${when}, the recorded value is given and nothing runs again`, async () => {
    using fault = new FaultCase();
    const { deaths, line } = await fault.untilEnded("killed-after-append", "r", mode, 3);

    assert.equal(deaths, 1);
    const draws = fault.effects().filter(({ key }) => key === "draw");
    assert.equal(draws.length, 1);
    assert.equal(line.result, draws[0]?.value);
  });
}

test("case 4: an at-most-once step that was under way when its process died is unknown and does not run again", async () => {
  using fault = new FaultCase();
  const { line } = await fault.untilEnded("at-most-once", "r", "die", 3);

  assert.deepEqual(line, { result: { outcome: "STEP_OUTCOME_UNKNOWN" } });
  assert.equal(fault.effects().filter(({ key }) => key === "send").length, 1);
});

test("case 5: killed while its child runs, the parent goes on when the child has ended", async () => {
  using fault = new FaultCase();
  const first = fault.start("parent", "r");
  for await (const line of first.lines) if (line.started !== undefined) break;
  first.child.kill("SIGKILL");
  await first.ended();
  const { line } = await fault.untilEnded("parent", "r", "", 1);

  assert.deepEqual(line, { result: 7 });
});

test("case 5: killed between its child's end and its own waking, the parent goes on with the next process", async () => {
  using fault = new FaultCase();
  const { deaths, line } = await fault.untilEnded("parent", "r", 'die-at-commit "status":"completed","value":7', 2);

  assert.deepEqual({ deaths, line }, { deaths: 1, line: { result: 7 } });
  assert.equal((await fault.journal("r.child")).filter(({ type }) => type === "run-ended").length, 1);
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

test("case 6: the result of a run that ended while nobody listened is there for who asks later", async () => {
  using fault = new FaultCase();
  await fault.untilEnded("killed-after-append", "r", "", 1);
  await using engine = await open(fault.address, { passive: true });

  assert.equal(typeof (await (await engine.get("r")).result()), "number");
});

test("case 6: killed between its run's end and the word of it, a process leaves nobody waiting who waits elsewhere", async () => {
  using fault = new FaultCase();
  const known = workflow("killed-after-append", async () => null);
  await using engine = await open(fault.address, { passive: true, workflows: [known] });
  const waiting = engine.start(known, null, { id: "r" }).then((run) => run.result());
  const { deaths } = await fault.untilEnded("killed-after-append", "r", 'die-at-commit "type":"run-ended"', 2);

  assert.equal(deaths, 1);
  assert.equal(await waiting, fault.effects().find(({ key }) => key === "draw")?.value);
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

test("case 7: a step that kills its process each time is found and fails alone; its sibling is not blamed", async () => {
  using fault = new FaultCase();
  const { deaths, line } = await fault.untilEnded("poison", "r", "", 8);

  assert.deepEqual(line, { result: ["ok", "STEP_POISONED"] });
  assert.ok(deaths >= 4 && deaths <= 6, `it took ${deaths} deaths`);
  assert.equal(fault.effects().filter(({ key }) => key === "fine").length, 1);
});

test("case 7: a step at which its process died three times from outside is not blamed, also when it was alone at the third", async () => {
  using fault = new FaultCase();
  const { deaths, line } = await fault.untilEnded("unlucky", "r", "", 5);

  assert.deepEqual([deaths, line], [3, { result: "lived" }]);
});

test("case 7: a first step that kills its process fails, and the function goes on; so does code that dies by itself", async () => {
  using fault = new FaultCase();
  const { line } = await fault.untilEnded("poison-first", "r", "", 8);
  assert.deepEqual(line, { result: { code: "STEP_POISONED", after: "went on" } });

  const other = await fault.untilEnded("poison-code", "s", "", 8);
  assert.deepEqual(other.line, { error: "RUN_FAILED" });
  await using engine = await open(fault.address, { passive: true });
  assert.deepEqual(
    (await engine.list({ dead: true })).map(({ runId, dead }) => [runId, dead]),
    [["s", "STEP_POISONED"]],
  );
});

test("case 9: asked to end, a process finishes the step under way and hands its run over at once", async () => {
  using fault = new FaultCase();
  const first = fault.start("long", "r");
  for await (const line of first.lines) if (line.started !== undefined) break;
  while (fault.effects().length < 5) await new Promise((resolve) => setImmediate(resolve));
  first.child.kill("SIGTERM");
  const { lines } = await first.ended();
  assert.deepEqual(lines.at(-1), { closed: true });
  await using engine = await open(fault.address, { passive: true });
  const { status } = await (await engine.get("r")).summary();
  assert.equal(status, "queued");
  const done = fault.effects().length;
  const { line } = await fault.untilEnded("long", "r", "", 1);

  assert.deepEqual(line, { result: "all" });
  assert.equal(fault.effects().length, 200, "no step ran twice");
  assert.ok(done < 200);
});

test("case 46: killed in the middle of its compensation, the run goes on undoing, newest first", async () => {
  using fault = new FaultCase();
  const first = fault.start("compensating", "r", "die");
  for await (const line of first.lines) if (line.started !== undefined) break;
  {
    await using engine = await open(fault.address, { passive: true });
    while ((await (await engine.get("r")).summary()).status !== "waiting") await new Promise((resolve) => setTimeout(resolve, 5));
    await engine.cancel("r", "enough");
  }
  await first.ended();
  let deaths = 1;
  let line: unknown;
  for (; deaths < 6; deaths++) {
    const again = await fault.start("compensating", "r", "die").ended();
    if (again.signal === null) {
      line = again.lines.at(-1);
      break;
    }
  }

  assert.deepEqual(line, { error: "RUN_CANCELLED" });
  const undone = fault.effects().flatMap(({ undo }) => (undo === undefined ? [] : [undo]));
  assert.deepEqual([...new Set(undone)], ["c", "b", "a"]);
  assert.equal(deaths, 3, "each undo died once and ran again");
  assert.deepEqual(
    (await fault.journal("r")).flatMap((event) =>
      event.type === "op-ended" && event.op === "undo" ? [[event.key, event.outcome.status]] : [],
    ),
    ["c/undo", "b/undo", "a/undo"].map((key) => [key, "completed"]),
  );
});

test("killed with kill -9 at any moment, a run of 200 steps ends with all of them and repeats at most the one under way", async () => {
  using fault = new FaultCase();
  let kills = 0;
  for (const after of [3, 20, 60, 61, 120]) {
    const life = fault.start("long", "r");
    while (fault.effects().length < after && life.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 1));
    life.child.kill("SIGKILL");
    await life.ended();
    kills++;
  }
  const { line } = await fault.untilEnded("long", "r", "", 1);

  assert.deepEqual(line, { result: "all" });
  const counts = new Map<string, number>();
  for (const { key } of fault.effects()) counts.set(key ?? "", (counts.get(key ?? "") ?? 0) + 1);
  assert.equal(counts.size, 200);
  assert.ok(fault.effects().length <= 200 + kills);
});
