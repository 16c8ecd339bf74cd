import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan } from "@heddle/kernel";
import { planned, workflow, type Engine } from "heddle";
import { places, untilStatus } from "./engines.ts";

const plan: Plan = {
  heddle: 1,
  name: "edited",
  discipline: "superstep",
  tasks: {
    wait: { does: { use: "wait" }, when: [{ id: "start", after: [], join: "all", untaken: "wait" }] },
    last: { does: { use: "last" }, when: [{ id: "last.when", after: [{ from: "wait", on: "ok" }], join: "all", untaken: "wait" }] },
  },
  channels: {
    answer: { kind: "value" },
    notes: { kind: "append" },
    people: { kind: "keyed", key: "id" },
    best: { kind: "fold", reducer: { use: "max" }, initial: 3 },
    picky: { kind: "fold", reducer: { use: "throws" } },
    total: { kind: "sum" },
    board: { kind: "log", type: "note" },
  },
  output: { channels: ["answer", "notes", "people", "best", "total", "picky"] },
};
const edited = planned<null, Record<string, unknown>>(plan, {
  tasks: {
    wait: async (_, ctx) => {
      await ctx.receive("go", "go");
      ctx.verbs.write("best", 4);
      ctx.verbs.write("answer", "of the task");
    },
    last: () => null,
  },
  reducers: {
    max: (held, written) => Math.max(held as number, written as number),
    throws: () => {
      throw new Error("never");
    },
  },
});

async function waiting(engine: Engine): Promise<void> {
  await engine.start(edited, null, { id: "r" });
  await untilStatus(engine, "r", "waiting");
}

for (const place of places) {
  describe(`a run's channels written from outside on ${place.name}`, { concurrency: true }, () => {
    test("hold it while the run waits, survive its engine, and what tasks write comes on top", async () => {
      using on = place.make();
      const at = new Date(0);
      {
        await using engine = await on.open({ workflows: [edited] });
        await waiting(engine);
        await engine.write("r", { answer: 0, notes: at, best: 9, people: { put: [{ id: 1 }, { id: "1" }] } });
        await engine.write("r", { notes: "two", people: { remove: [1] }, total: 2 });
        for await (const event of (await engine.get("r")).events())
          if (event.type === "channels-written" && event.writes.length === 3) break;
        const { channels } = await (await engine.get("r")).state();
        assert.deepEqual(channels, { answer: 0, notes: [at, "two"], people: [{ id: "1" }], best: 9, total: 2 });
        await untilStatus(engine, "r", "waiting");
      }
      await using engine = await on.open({ workflows: [edited] });
      await engine.signal("r", "go");
      const result = await (await engine.get<Record<string, unknown>>("r")).result();

      assert.deepEqual(result, { answer: "of the task", notes: [at, "two"], people: [{ id: "1" }], best: 9, total: 2 });
    });

    test("take it when they are resumed, if they were paused, and once for one id", async () => {
      using on = place.make();
      await using engine = await on.open({ workflows: [edited] });
      await waiting(engine);
      await engine.pause("r");
      await untilStatus(engine, "r", "paused");
      for (let times = 0; times < 3; times++) await engine.write("r", { total: 1 }, { id: "once" });
      await engine.resume("r");
      await engine.signal("r", "go");

      assert.equal((await (await engine.get<Record<string, unknown>>("r")).result())["total"], 1);
    });

    test("are told what is wrong before anything is sent: an unknown channel, a value that does not fit, no channels at all, no such run", async () => {
      using on = place.make();
      const plain = workflow("plain", (ctx) => ctx.receive("go", "go"));
      await using engine = await on.open({ workflows: [edited, plain] });
      await waiting(engine);
      await engine.start(plain, undefined, { id: "p" });
      const wrong: readonly (readonly [string, Record<string, unknown>, string, RegExp])[] = [
        ["r", { toString: 1 }, "CHANNEL_UNKNOWN", /no channel "toString"; there are: answer, notes/],
        ["p", { answer: 1 }, "CHANNEL_UNKNOWN", /its plan has no channels/],
        ["r", { notes: "one", people: [{ id: 1 }] }, "CHANNEL_WRITE_REFUSED", /channel "people", a list by "id"/],
        ["r", { total: "1" }, "CHANNEL_WRITE_REFUSED", /channel "total", a sum/],
        ["r", { board: 1 }, "CHANNEL_WRITE_REFUSED", /takes artifacts/],
        ["r", { answer: undefined }, "CHANNEL_WRITE_REFUSED", /undefined/],
        ["nobody", { answer: 1 }, "RUN_UNKNOWN", /nobody/],
      ];
      for (const [runId, values, code, message] of wrong) await assert.rejects(engine.write(runId, values), { code, message });
      await engine.signal("r", "go");
      const run = await engine.get<Record<string, unknown>>("r");

      assert.deepEqual((await run.result())["notes"], []);
      await assert.rejects(engine.write("r", { answer: 1 }), { code: "RUN_ENDED" });
    });

    test("leave out what they cannot take when it comes: a sum that is not finite any more, a value at which the reducer throws", async () => {
      using on = place.make();
      await using engine = await on.open({ workflows: [edited] });
      await waiting(engine);
      await engine.write("r", { total: Number.MAX_VALUE });
      await engine.write("r", { total: Number.MAX_VALUE, picky: 1, notes: "kept" });
      await engine.signal("r", "go");
      const result = await (await engine.get<Record<string, unknown>>("r")).result();

      assert.deepEqual(result, { answer: "of the task", notes: ["kept"], people: [], best: 4, total: Number.MAX_VALUE });
      const recorded = (await Array.fromAsync((await engine.get("r")).events())).flatMap((event) =>
        event.type === "channels-written" ? [event.writes.map(({ channel }) => channel)] : [],
      );
      assert.deepEqual(recorded, [["total"], ["notes"]]);
    });

    test("need an engine that has the run's workflow", async () => {
      using on = place.make();
      await using engine = await on.open({ workflows: [edited] });
      await waiting(engine);
      await using other = await on.open({ passive: true });

      await assert.rejects(other.write("r", { answer: 1 }), { code: "WORKFLOW_UNKNOWN" });
    });
  });
}
