import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, type Channel, type Json, type RunEvent } from "@heddle/kernel";
import { channelValues } from "@heddle/kernel/internal";
import { brief, ended, plan, start, task } from "./small-plan.ts";

const channels: Readonly<Record<string, Channel>> = {
  answer: { kind: "value" },
  newest: { kind: "last" },
  passing: { kind: "ephemeral" },
  notes: { kind: "append" },
  total: { kind: "sum" },
  facts: { kind: "put" },
  people: { kind: "keyed", key: "id" },
  best: { kind: "fold", reducer: { use: "max" } },
};
const rounds = plan({ a: { ...task("a"), writes: [] }, b: task("b"), c: task("c", "b") }, { discipline: "superstep", channels });

function written(writes: Readonly<Record<string, Json>>, merged?: Readonly<Record<string, Json>>): RunEvent {
  return {
    type: "channels-written",
    atMs: 0,
    writes: Object.entries(writes).map(([channel, value]) => ({ channel, value })),
    ...(merged === undefined ? {} : { merged }),
  };
}

describe("writes from outside", () => {
  test("take effect at once, in the middle of a round, each by its channel's rule", () => {
    const { run } = start(rounds);
    for (let times = 0; times < 2; times += 1) {
      const commands = advance(
        run,
        written(
          {
            answer: times,
            newest: times,
            passing: times,
            notes: "n",
            total: 2,
            facts: { [`k${times}`]: 1 },
            people: { put: [{ id: times }] },
            best: 7,
          },
          { best: times },
        ),
      );
      assert.deepEqual(commands, []);
    }
    assert.deepEqual(channelValues(run), {
      answer: 1,
      newest: 1,
      passing: 1,
      notes: ["n", "n"],
      total: 4,
      facts: { k0: 1, k1: 1 },
      people: [{ id: 0 }, { id: 1 }],
      best: 1,
    });
  });

  test("are in conflict with no task of the round, whose writes come after", () => {
    const { run } = start(rounds);
    advance(run, written({ answer: "outside", passing: "outside" }));
    advance(run, ended(1));
    assert.deepEqual(brief(advance(run, ended(2, { verbs: [{ write: "answer", value: "of b" }] }))), ["start-task c 3"]);
    assert.equal(channelValues(run)["answer"], "of b");
    assert.ok(!("passing" in channelValues(run)), "gone with the round's close");
  });

  test("leave out what a channel refuses, whole, and go on with the rest", () => {
    const { run } = start(rounds);
    const refused = { nowhere: 1, total: "text", facts: [1], people: { put: [{ id: 1 }, {}] }, best: 1, notes: "kept" };
    assert.deepEqual(advance(run, written(refused)), []);
    assert.deepEqual(channelValues(run), { notes: ["kept"], total: 0, facts: {}, people: [] });
  });

  test("are dropped while the run is ending and after its end", () => {
    const { run } = start(rounds);
    advance(run, { type: "cancel-requested", atMs: 0 });
    advance(run, written({ notes: "late" }));
    advance(run, ended(1, { outcome: { status: "cancelled" } }));
    advance(run, ended(2, { outcome: { status: "cancelled" } }));
    advance(run, written({ notes: "later" }));
    assert.deepEqual(channelValues(run)["notes"], []);
  });
});
