import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommitBatch, RunPart } from "@heddle/kernel";
import { open, type Engine, type EngineOptions } from "heddle";
import { untilEvent, untilStatus } from "../engine/engines.ts";
import { isChecked } from "../../src/engine/node/shadow-fold.ts";
import { countingFunction } from "./counting-function.ts";
import { SqlitePlace } from "./sqlite-place.ts";

const job = countingFunction();
const total = 4_000;

/** A store that notes at which seq snapshots come, and may change them on their way. */
class Snapshots {
  readonly seqs: number[] = [];
  readonly #change: (body: string, which: number) => string;

  constructor(change: (body: string, which: number) => string = (body) => body) {
    this.#change = change;
  }

  async open(place: SqlitePlace, options: EngineOptions): Promise<Engine> {
    const store = await place.store();
    const through = new Proxy(store, {
      get: (target, name): unknown => {
        const value: unknown = Reflect.get(target, name, target);
        if (name === "commit")
          return (batch: CommitBatch) => target.commit({ ...batch, parts: (batch.parts ?? []).map((part) => this.#seen(part)) });
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return open(through, { ...options, clock: place.clock });
  }

  #seen(part: RunPart): RunPart {
    if (part.snapshot === undefined || part.expectedSeq === null) return part;
    this.seqs.push(part.expectedSeq + part.events.length);
    return { ...part, snapshot: { body: this.#change(part.snapshot.body, this.seqs.length) } };
  }
}

/** An id of a run whose snapshot of this place in the order is checked. */
async function checkedId(which: number): Promise<string> {
  using place = new SqlitePlace();
  const snapshots = new Snapshots();
  await using engine = await snapshots.open(place, { workflows: [job] });
  await engine.start(job, { from: 0, total, sum: 0 }, { id: "r" });
  await untilStatus(engine, "r", "waiting");
  const seq = snapshots.seqs[which - 1] ?? 0;
  assert.ok(seq > 0);
  for (let number = 0; ; number++) if (isChecked(`r${number}`, seq)) return `r${number}`;
}

/** As a fault in the fold would leave it: a sound snapshot of what never happened. */
const another = (body: string): string => {
  const changed = body.replace(/("sum":)(\d+)/, (_, key: string, sum: string) => `${key}${Number(sum) + 1}`);
  assert.notEqual(changed, body);
  return changed;
};

for (const which of [1, 2]) {
  test(`case 58: a run whose state is not what its journal tells, found at its snapshot ${which}, is paused with the difference; others go on; resumed, it goes on from its journal`, async () => {
    using place = new SqlitePlace();
    const id = await checkedId(which);
    const snapshots = new Snapshots((body, at) => (at === which && body.includes('"total":4000') ? another(body) : body));
    {
      await using engine = await snapshots.open(place, { workflows: [job] });
      await engine.start(job, { from: 0, total, sum: 0 }, { id });
      await untilStatus(engine, id, "paused");
      const { pause } = await (await engine.get(id)).state();
      assert.equal(pause?.code, "STATE_DIVERGED");
      const [events, ...lines] = pause.difference ?? [];
      assert.match(events ?? "", which === 1 ? /^events +1 to \d+ were folded once more$/ : /^events +[1-9]\d{2,} to \d+ were/);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? "", /^state +\S+sum: (\d+); the journal tells \d+$/);

      const other = await engine.start(job, { from: 0, total: 1, sum: 0 }, { id: "other" });
      await engine.signal("other", "word", "here");
      assert.deepEqual(await other.result(), { sum: 1, word: "here" });
    }
    place.rowsRead = 0;
    await using engine = await place.open({ workflows: [job] });
    const run = await engine.get(id);
    const { seq: pausedAt } = (await Array.fromAsync(run.events({ live: false }))).find(({ type }) => type === "run-paused") ?? { seq: 0 };
    place.rowsRead = 0;
    await engine.resume(id);
    await engine.signal(id, "word", "go");

    assert.deepEqual(await run.result(), { sum: total, word: "go" });
    assert.ok(place.rowsRead >= pausedAt, "all of it was folded again");
  });
}

test("case 58: mail that comes with the pause is taken when the run is resumed", async () => {
  using place = new SqlitePlace();
  const id = await checkedId(2);
  const snapshots = new Snapshots((body, at) => (at === 2 ? another(body) : body));
  await using engine = await snapshots.open(place, { workflows: [job] });
  await engine.start(job, { from: 0, total, sum: 0 }, { id });
  await untilEvent(engine, id, ({ type }) => type === "run-paused");
  await engine.signal(id, "word", "meanwhile");
  await untilStatus(engine, id, "paused");
  await engine.resume(id);

  assert.deepEqual(await (await engine.get(id)).result(), { sum: total, word: "meanwhile" });
});

test("case 58: states that are what their journals tell are found so, and about one snapshot of 16 is looked at", () => {
  let checked = 0;
  for (let run = 0; run < 100; run++) for (let seq = 1_000; seq < 17_000; seq += 1_000) if (isChecked(`run-${run}`, seq)) checked++;

  assert.ok(checked > 60 && checked < 140, `${checked} of 1,600`);
});
