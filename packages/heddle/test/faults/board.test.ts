import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommitBatch, RunStore } from "@heddle/kernel";
import { eventually } from "@heddle/testing";
import { open, planned, type TaskContext } from "heddle";
import { SqlitePlace } from "./sqlite-place.ts";

const slow = process.env["HEDDLE_SLOW"] === "1";
const entries = slow ? 20_000 : 2_000;
const changes = slow ? 100_000 : 3_000;
const entryBytes = 1_000;
/** Of what is changed, at most so many times as much is written: each change once, with what says so, and now and then a snapshot. */
const factor = 2;

const entry = (number: number): string => String(number).padStart(entryBytes, ".");

/** A plan whose one task changes entry after entry of what its channel holds, and waits for a word in the middle. */
function board(): ReturnType<typeof planned<null, { board: Record<string, string> }>> {
  return planned<null, { board: Record<string, string> }>(
    {
      heddle: 1,
      name: "board",
      discipline: "eager",
      tasks: {
        change: { does: { use: "change" }, when: [{ id: "start", after: [], join: "all", untaken: "wait" }], writes: ["board"] },
      },
      channels: { board: { kind: "put" } },
      output: { channels: ["board"] },
      limits: { activations: 10 * (entries + changes) },
    },
    {
      tasks: {
        change: async (input: unknown, ctx: TaskContext) => {
          const number = (input as number | null) ?? 0;
          if (number === entries + changes / 2) await ctx.receive("go", "go");
          ctx.verbs.write("board", { [`k${number % entries}`]: entry(number) });
          if (number + 1 < entries + changes) ctx.verbs.iterate(number + 1);
        },
      },
    },
  );
}

/** The store, and how many characters of events and snapshots it was given. */
function weighed(store: RunStore, written: { events: number; snapshots: number; count: number }): RunStore {
  return new Proxy(store, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "commit") return typeof value === "function" ? value.bind(target) : value;
      return (batch: CommitBatch) => {
        for (const { events, snapshot } of batch.parts ?? []) {
          for (const event of events) written.events += event.length;
          if (snapshot === undefined) continue;
          written.snapshots += snapshot.body.length;
          written.count++;
        }
        return target.commit(batch);
      };
    },
  });
}

test(`case 61: ${(entries * entryBytes) / 1e6} MB that are changed in ${changes} small parts cost at most ${factor} times the parts, and are there after a restart in between`, async (t) => {
  using place = new SqlitePlace();
  const written = { events: 0, snapshots: 0, count: 0 };
  const workflow = board();
  const options = { workflows: [workflow], clock: place.clock, maxValueBytes: 2 * entries * (entryBytes + 100) };
  {
    await using engine = await open(weighed(await place.store(), written), options);
    const run = await engine.start(workflow, null, { id: "r" });
    await eventually(async () => (await run.summary()).status === "waiting", "it waits in the middle", 600_000);
  }
  await using engine = await open(weighed(await place.store(), written), options);
  await engine.signal("r", "go");
  const held = (await (await engine.get("r")).result()) as { readonly board: Readonly<Record<string, string>> };

  // The end carries everything once more: that is what was asked for.
  const end = entries * entryBytes;
  const changed = (entries + changes) * entryBytes;
  const all = written.events - end + written.snapshots;
  t.diagnostic(
    `${(all / changed).toFixed(2)} times: events ${((written.events - end) / changed).toFixed(2)}, ${written.count} snapshots ${(written.snapshots / changed).toFixed(2)}`,
  );
  assert.ok(all <= factor * changed, `${all} characters are written for changes of ${changed}`);
  assert.ok(written.count > 0, "there were snapshots");
  assert.equal(Object.keys(held.board).length, entries);
  for (let number = changes; number < entries + changes; number++) assert.equal(held.board[`k${number % entries}`], entry(number));
});
