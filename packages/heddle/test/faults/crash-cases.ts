import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@heddle/testing";
import { open, workflow } from "heddle";
import { FaultCase, type FaultPlace } from "./processes.ts";

/** What becomes of runs whose processes are killed, in processes of their own. */
export function crashCases(place: FaultPlace): void {
  describe(`a process that dies, on ${place.name}`, () => {
    test("case 1: killed after the effect and before its record, the step runs again with the same idempotency key and a higher attempt, and is recorded once", async () => {
      using fault = new FaultCase(place);
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

    for (const [when, mode] of [
      ["and its value was given to the code", "die"],
      ["and before anybody was told", 'die-at-commit "key":"draw"'],
    ] as const) {
      test(`case 2: killed after the record ${when}, the recorded value is given and nothing runs again`, async () => {
        using fault = new FaultCase(place);
        const { deaths, line } = await fault.untilEnded("killed-after-append", "r", mode, 3);

        assert.equal(deaths, 1);
        const draws = fault.effects().filter(({ key }) => key === "draw");
        assert.equal(draws.length, 1);
        assert.equal(line.result, draws[0]?.value);
      });
    }

    test("case 4: an at-most-once step that was under way when its process died is unknown and does not run again", async () => {
      using fault = new FaultCase(place);
      const { line } = await fault.untilEnded("at-most-once", "r", "die", 3);

      assert.deepEqual(line, { result: { outcome: "STEP_OUTCOME_UNKNOWN" } });
      assert.equal(fault.effects().filter(({ key }) => key === "send").length, 1);
    });

    test("case 5: killed while its child runs, the parent goes on when the child has ended", async () => {
      using fault = new FaultCase(place);
      const first = fault.start("parent", "r");
      for await (const line of first.lines) if (line.started !== undefined) break;
      first.child.kill("SIGKILL");
      await first.ended();
      const { line } = await fault.untilEnded("parent", "r", "", 1);

      assert.deepEqual(line, { result: 7 });
    });

    test("case 5: killed between its child's end and its own waking, the parent goes on with the next process", async () => {
      using fault = new FaultCase(place);
      const { deaths, line } = await fault.untilEnded("parent", "r", 'die-at-commit "status":"completed","value":7', 2);

      assert.deepEqual({ deaths, line }, { deaths: 1, line: { result: 7 } });
      assert.equal((await fault.journal("r.child")).filter(({ type }) => type === "run-ended").length, 1);
    });

    test("case 6: the result of a run that ended while nobody listened is there for who asks later", async () => {
      using fault = new FaultCase(place);
      await fault.untilEnded("killed-after-append", "r", "", 1);
      await using engine = await open(fault.address, { passive: true });

      assert.equal(typeof (await (await engine.get("r")).result()), "number");
    });

    test("case 6: killed between its run's end and the word of it, a process leaves nobody waiting who waits elsewhere", async () => {
      using fault = new FaultCase(place);
      const known = workflow("killed-after-append", async () => null);
      await using engine = await open(fault.address, { passive: true, workflows: [known] });
      const waiting = engine.start(known, null, { id: "r" }).then((run) => run.result());
      const { deaths } = await fault.untilEnded("killed-after-append", "r", 'die-at-commit "type":"run-ended"', 2);

      assert.equal(deaths, 1);
      assert.equal(await waiting, fault.effects().find(({ key }) => key === "draw")?.value);
    });

    test("case 7: a step that kills its process each time is found and fails alone; its sibling is not blamed", async () => {
      using fault = new FaultCase(place);
      const { deaths, line } = await fault.untilEnded("poison", "r", "", 8);

      assert.deepEqual(line, { result: ["ok", "STEP_POISONED"] });
      assert.ok(deaths >= 4 && deaths <= 6, `it took ${deaths} deaths`);
      assert.equal(fault.effects().filter(({ key }) => key === "fine").length, 1);
    });

    test("case 7: a step at which its process died three times from outside is not blamed, also when it was alone at the third", async () => {
      using fault = new FaultCase(place);
      const { deaths, line } = await fault.untilEnded("unlucky", "r", "", 5);

      assert.deepEqual([deaths, line], [3, { result: "lived" }]);
    });

    test("case 7: a first step that kills its process fails, and the function goes on; so does code that dies by itself", async () => {
      using fault = new FaultCase(place);
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
      using fault = new FaultCase(place);
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
      using fault = new FaultCase(place);
      const first = fault.start("compensating", "r", "die");
      for await (const line of first.lines) if (line.started !== undefined) break;
      {
        await using engine = await open(fault.address, { passive: true });
        await eventually(async () => (await (await engine.get("r")).summary()).status === "waiting", "the run waits");
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
      using fault = new FaultCase(place);
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
  });
}
