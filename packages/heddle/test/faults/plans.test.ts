import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan, Task } from "@heddle/kernel";
import { hasCode, planned, workflow, type Engine, type PlannedWorkflow } from "heddle";
import { untilStatus } from "../engine/engines.ts";
import { SqlitePlace } from "./sqlite-place.ts";

/** Tasks one after the other, each of which notes that it ran; `gate` waits for a person. */
function chain(ids: readonly string[], ran: string[], name = "chain"): PlannedWorkflow {
  const task = (id: string, index: number): Task => ({
    does: { use: id === "gate" ? "wait" : "note" },
    when: [{ id: `${id}.start`, after: index === 0 ? [] : [{ from: ids[index - 1] as string, on: "ok" }], join: "all", untaken: "wait" }],
  });
  const plan: Plan = {
    heddle: 1,
    name,
    discipline: "eager",
    tasks: Object.fromEntries(ids.map((id, index) => [id, task(id, index)])),
  };
  return planned(plan, {
    tasks: {
      note: (input, ctx) => {
        ran.push(String(input));
        return `${String(input)}+${ctx.runId}`.slice(-20);
      },
      wait: (input, ctx) => ctx.receive("go", "go").then(() => `${String(input)}!`),
    },
  });
}

const before = ["take", "check", "gate", "ship"];

async function begun(place: SqlitePlace, ran: string[]): Promise<void> {
  await using engine = await place.open({ workflows: [chain(before, ran)] });
  await engine.start("chain", "x", { id: "r" });
  await untilStatus(engine, "r", "waiting");
}

async function told(engine: Engine, runId = "r"): Promise<string> {
  await untilStatus(engine, runId, "paused");
  const { pause } = await (await engine.get(runId)).state();
  assert.equal(pause?.code, "RUN_MISMATCH");
  return pause.difference?.join("\n") ?? "";
}

describe("case 54: a plan that changed while a run of it waits", () => {
  for (const [what, ids, difference] of [
    ["a task removed", ["take", "gate", "ship"], /changed +task "check" was removed/],
    ["a task renamed", ["take", "verify", "gate", "ship"], /changed +task "check" was renamed to "verify"/],
    ["tasks reordered", ["check", "take", "gate", "ship"], /changed +task "take"/],
    ["a task inserted", ["first", "take", "check", "gate", "ship"], /changed +task "first" was added/],
    ["a task added at the end", ["take", "check", "gate", "ship", "bill"], /changed +task "bill" was added/],
  ] as const) {
    test(`case 54: ${what} pauses the run with the difference, nothing runs, and the old plan brings it back`, async () => {
      using place = new SqlitePlace();
      const ran: string[] = [];
      await begun(place, ran);
      ran.length = 0;
      {
        await using engine = await place.open({ workflows: [chain(ids, ran)] });
        await engine.signal("r", "go");
        const lines = await told(engine);
        assert.match(lines, /recorded +plan [0-9a-f]{32}\ncode +plan [0-9a-f]{32}/);
        assert.match(lines, difference);
        assert.match(lines, /ways on .*heddle resume r.*--accept.*heddle fork r --at/);
        await engine.resume("r");
        await told(engine);
        assert.deepEqual(ran, []);
      }
      await using engine = await place.open({ workflows: [chain(before, ran)] });
      await engine.resume("r");

      assert.deepEqual(await (await engine.get("r")).result(), { ship: "x+r+r!+r" });
      assert.deepEqual(ran, ["x+r+r!"]);
    });
  }

  test("case 54: a changed plan that fits what is recorded goes on once it is accepted, also after a restart", async () => {
    using place = new SqlitePlace();
    const ran: string[] = [];
    await begun(place, ran);
    const longer = [...before, "bill"];
    {
      await using engine = await place.open({ workflows: [chain(longer, ran)] });
      await engine.signal("r", "come back");
      await told(engine);
      await engine.resume("r", { accept: true });
      await untilStatus(engine, "r", "waiting");
    }
    await using engine = await place.open({ workflows: [chain(longer, ran)] });
    await engine.signal("r", "go");

    assert.deepEqual(await (await engine.get("r")).result(), { bill: "x+r+r!+r+r" });
  });

  test("case 54: a changed plan that does not fit what is recorded is not accepted; a fork from before goes on with it", async () => {
    using place = new SqlitePlace();
    const ran: string[] = [];
    await begun(place, ran);
    const inserted = ["take", "weigh", "check", "gate", "ship"];
    await using engine = await place.open({ workflows: [chain(inserted, ran)] });
    await engine.signal("r", "go");
    await told(engine);
    ran.length = 0;
    await engine.resume("r", { accept: true });
    const refused = await told(engine);
    assert.match(refused, /recorded +event 3, task-ended of "check" as number 2\ncode +has "weigh" under way as number 2 then/);
    assert.doesNotMatch(refused, /--accept/);
    assert.deepEqual(ran, []);

    const fork = await engine.fork("r", { at: 2, id: "f" });
    await told(engine, "f");
    await engine.resume("f", { accept: true });
    await engine.signal("f", "go");
    assert.deepEqual(await fork.result(), { ship: "x+r+f+f!+f" });
  });

  test("case 54: a changed plan is found behind a snapshot too, and one that was accepted is not taken for changed", async () => {
    using place = new SqlitePlace();
    const many = [...Array.from({ length: 1_100 }, (_, index) => `task-${index}`), "gate"];
    const longer = [...many, "ship"];
    {
      await using engine = await place.open({ workflows: [chain(many, [])] });
      await engine.start("chain", "x", { id: "r" });
      await untilStatus(engine, "r", "waiting");
    }
    assert.equal(place.sql("SELECT 1 FROM heddle_snapshot").rows.length, 1);
    {
      await using engine = await place.open({ workflows: [chain(many.with(5, "renamed"), [])] });
      await engine.signal("r", "come back");
      assert.match(await told(engine), /task "task-5" was renamed/);
      await engine.resume("r");
      await told(engine);
    }
    {
      await using engine = await place.open({ workflows: [chain(many, [])] });
      await engine.resume("r");
      await untilStatus(engine, "r", "waiting");
    }
    {
      await using engine = await place.open({ workflows: [chain(longer, [])] });
      await engine.signal("r", "come back");
      assert.match(await told(engine), /task "ship" was added/);
      await engine.resume("r", { accept: true });
      await untilStatus(engine, "r", "waiting");
    }
    {
      await using engine = await place.open({ workflows: [chain(many, [])] });
      await engine.signal("r", "come back");
      assert.match(await told(engine), /task "ship" was removed/);
    }
    await using engine = await place.open({ workflows: [chain(longer, [])] });
    await engine.resume("r");
    await engine.signal("r", "go");

    assert.deepEqual(await (await engine.get("r")).result(), { ship: `${"+r".repeat(10)}!+r`.slice(-20) });
  });

  test("case 54: a changed plan is found where the journal is compacted; it cannot be accepted there, and the old plan brings the run back", async () => {
    using place = new SqlitePlace();
    const many = [...Array.from({ length: 2_400 }, (_, index) => `task-${index}`), "gate"];
    {
      await using engine = await place.open({ workflows: [chain(many, [])], keepHistory: false });
      await engine.start("chain", "x", { id: "r" });
      await untilStatus(engine, "r", "waiting");
    }
    assert.ok(Number(place.sql("SELECT min(seq) AS first FROM heddle_journal").rows[0]?.["first"]) > 1);
    {
      await using engine = await place.open({ workflows: [chain([...many, "ship"], [])] });
      await engine.signal("r", "go");
      const lines = await told(engine);
      assert.match(lines, /task "ship" was added/);
      assert.doesNotMatch(lines, /--accept/);
      await engine.resume("r", { accept: true });
      await told(engine);
    }
    await using engine = await place.open({ workflows: [chain(many, [])] });
    await engine.resume("r");

    assert.deepEqual(await (await engine.get("r")).result(), { gate: `${"+r".repeat(10)}!` });
  });

  test("case 54: a durable function in the place of a plan, and a plan in the place of a function, pause the run", async () => {
    using place = new SqlitePlace();
    await begun(place, []);
    const ends = workflow("chain", async () => "at once");
    {
      await using engine = await place.open({ workflows: [ends] });
      await engine.signal("r", "go");
      assert.match(await told(engine), /changed +task "main" was added/);
      await engine.start(
        workflow("other", async (ctx) => ctx.receive("go", "go")),
        undefined,
        { id: "s" },
      );
      await untilStatus(engine, "s", "waiting");
    }
    await using engine = await place.open({ workflows: [chain(before, [], "other")] });
    await engine.signal("s", "go");

    assert.match(await told(engine, "s"), /changed +task "main" was removed/);
  });

  test("case 54: what channels hold is not guessed from another plan", async () => {
    using place = new SqlitePlace();
    const logging = (first: string): PlannedWorkflow => {
      const plan: Plan = {
        heddle: 1,
        name: "logging",
        discipline: "eager",
        channels: { log: { kind: "append" } },
        tasks: { [first]: { does: { use: "write" }, when: [{ id: "start", after: [], join: "all", untaken: "wait" }], writes: ["log"] } },
      };
      return planned(plan, { tasks: { write: (_, ctx) => ctx.verbs.write("log", "line") } });
    };
    await using engine = await place.open({ workflows: [logging("one")] });
    const run = await engine.start("logging", null, { id: "r" });
    await run.result();
    await using other = await place.open({ workflows: [logging("another")], passive: true });

    assert.deepEqual((await run.state()).channels, { log: ["line"] });
    assert.deepEqual((await (await other.get("r")).state()).channels, {});
  });

  test("how often a function is tried again may change at any time", async () => {
    using place = new SqlitePlace();
    const code = (retry: number) => workflow("job", async (ctx) => ctx.receive("go", "go"), { retry });
    {
      await using engine = await place.open({ workflows: [code(1)] });
      await engine.start("job", undefined, { id: "r" });
      await untilStatus(engine, "r", "waiting");
    }
    await using engine = await place.open({ workflows: [code(5)] });
    await engine.signal("r", "go", "gone");

    assert.deepEqual(await (await engine.get("r")).result(), "gone");
  });

  test("case 54: a query to a run that was made with another plan is refused", async () => {
    using place = new SqlitePlace();
    await begun(place, []);
    await using engine = await place.open({ workflows: [chain(["take", "gate"], [])], passive: true });

    await assert.rejects(engine.query("r", "anything"), (error) => hasCode(error, "RUN_MISMATCH"));
  });
});

test("case 9: closed between two tasks of a plan, a run is handed over at once", async () => {
  using place = new SqlitePlace();
  const ids = Array.from({ length: 20 }, (_, index) => `task-${index}`);
  {
    // Time stands still here: whatever waits for the drain limit waits for ever.
    await using engine = await place.open({ workflows: [chain(ids, [])] });
    await engine.start("chain", "x", { id: "r" });
  }
  await using engine = await place.open({ workflows: [chain(ids, [])] });

  assert.deepEqual(await (await engine.get("r")).result(), { "task-19": "+r".repeat(10) });
});

describe("case 53: what a run refers to by its hash", () => {
  const changed = ["take", "gate", "ship"];

  test("case 53: a plan is kept once, when the first run of it begins", async () => {
    using place = new SqlitePlace();
    await using engine = await place.open({ workflows: [chain(before, [])] });
    for (const id of ["a", "b", "c"]) await engine.start("chain", "x", { id });

    assert.equal(place.blobsPut, 1);
    assert.equal(place.sql("SELECT 1 FROM heddle_blob").rows.length, 1);
  });

  for (const [how, spoil] of [
    ["missing", "DELETE FROM heddle_blob"],
    ["damaged", "UPDATE heddle_blob SET body = 'T' || substr(body, 2)"],
  ] as const) {
    test(`case 53: without its plan, which is ${how}, a changed run is paused all the same and says that it is gone; unchanged ones go on`, async () => {
      using place = new SqlitePlace();
      await begun(place, []);
      assert.equal(place.sql(spoil).changes, 1);
      {
        await using engine = await place.open({ workflows: [chain(changed, [])] });
        await engine.signal("r", "go");
        assert.match(await told(engine), /changed +the plan that it was made with is not kept in this store/);
      }
      await using engine = await place.open({ workflows: [chain(before, [])] });
      await engine.resume("r");
      assert.deepEqual(await (await engine.get("r")).result(), { ship: "x+r+r!+r" });
    });
  }

  test("case 53: deleting and sweeping runs takes no plan from those that go on", async () => {
    using place = new SqlitePlace();
    {
      await using engine = await place.open({ workflows: [chain(before, [])], retention: "1h" });
      for (const id of ["r", "gone", "swept"]) await engine.start("chain", "x", { id });
      for (const id of ["r", "gone", "swept"]) await untilStatus(engine, id, "waiting");
      for (const id of ["gone", "swept"]) {
        await engine.signal(id, "go");
        await (await engine.get(id)).result();
      }
      await engine.delete("gone");
      await place.clock.advance(2 * 3_600_000);
      assert.deepEqual(
        (await engine.list()).map(({ runId }) => runId),
        ["r"],
      );
    }
    await using engine = await place.open({ workflows: [chain(changed, [])] });
    await engine.signal("r", "go");

    assert.match(await told(engine), /changed +task "check" was removed/);
  });
});
