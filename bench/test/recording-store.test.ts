import assert from "node:assert/strict";
import { test } from "node:test";
import { open, workflow } from "heddle";
import { openMemoryStore } from "heddle/internal";
import { RecordingStore } from "../drivers/heddle/recording-store.ts";

const three = workflow("three", async (ctx) => {
  for (let step = 0; step < 3; step++) await ctx.step(`s${step}`, async () => step);
});

test("every row that a run wrote is in one batch, and in one only", async () => {
  const recording = new RecordingStore(openMemoryStore());
  await using engine = await open(recording.store, { workflows: [three] });

  const run = await engine.start(three, null, { id: "a" });
  await run.result();

  const rows = recording.rows();
  assert.deepEqual(
    rows.flatMap(({ runs }) => runs),
    ["a"],
  );
  const seqs = rows.flatMap(({ events }) =>
    events.flatMap(([runId, first, count]) => Array.from({ length: count }, (_, index) => `${runId} ${first + index}`)),
  );
  const journal = await recording.store.readJournal("a", 0);
  assert.deepEqual(
    seqs,
    journal.map(({ seq }) => `a ${seq}`),
  );
});

test("a step is one append, and the run's end is one more; what was before a reset does not count", async () => {
  const recording = new RecordingStore(openMemoryStore());
  await using engine = await open(recording.store, { workflows: [three] });
  await (await engine.start(three, null)).result();

  recording.reset();
  await (await engine.start(three, null)).result();

  assert.equal(recording.appends, 3 + 1);
});

test("reading something about a run counts as a read; asking for work does not", async () => {
  const recording = new RecordingStore(openMemoryStore());
  await using store = recording.store;

  await store.nextWakeMs();
  assert.equal(recording.reads, 0);

  await store.readJournal("a", 0);
  await store.get("a");
  assert.equal(recording.reads, 2);
});
