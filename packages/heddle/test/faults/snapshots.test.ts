import assert from "node:assert/strict";
import { test } from "node:test";
import { hasCode, type Engine } from "heddle";
import { untilStatus } from "../engine/engines.ts";
import { checksum } from "../../src/stores/sqlite/checksum.ts";
import { countingFunction } from "./counting-function.ts";
import { SqlitePlace } from "./sqlite-place.ts";

const job = countingFunction();

/** A run of 4,000 steps that waits, with two snapshots. */
async function parked(place: SqlitePlace, keepHistory: boolean): Promise<void> {
  await using engine = await place.open({ workflows: [job], keepHistory });
  await engine.start(job, { from: 0, total: 4_000, sum: 0 }, { id: "r" });
  await untilStatus(engine, "r", "waiting");
  assert.equal(place.sql("SELECT 1 FROM heddle_snapshot").rows.length, 2);
}

async function finish(engine: Engine): Promise<unknown> {
  await engine.signal("r", "word", "go");
  return (await engine.get("r")).result();
}

/** Put another text into snapshots, newest first, as a sound row would hold it. */
function rewrite(place: SqlitePlace, count: number, change: (body: string) => string): void {
  const { rows } = place.sql("SELECT run, seq, body FROM heddle_snapshot ORDER BY seq DESC LIMIT ?", count);
  for (const { run, seq, body } of rows as { run: number; seq: number; body: string }[]) {
    const text = change(body);
    place.sql("UPDATE heddle_snapshot SET body = ?, crc = ? WHERE run = ? AND seq = ?", text, checksum(run, seq, 0, text), run, seq);
  }
}

const newer = (body: string): string => body.replace('{"v":', '{"v":999');
const asWritten = (body: string): string => body.replace('{"v":999', '{"v":');
const flip = (place: SqlitePlace, count: number): void =>
  void place.sql(
    "UPDATE heddle_snapshot SET body = 'T' || substr(body, 2) WHERE seq IN (SELECT seq FROM heddle_snapshot ORDER BY seq DESC LIMIT ?)",
    count,
  );

for (const keepHistory of [true, false]) {
  const history = keepHistory ? "the whole journal" : "a compacted journal";
  for (const [what, spoil] of [
    ["is of a newer version", (place: SqlitePlace, count: number) => rewrite(place, count, newer)],
    ["fails its checksum", flip],
    ["holds no state", (place: SqlitePlace, count: number) => rewrite(place, count, () => '{"v":')],
  ] as const) {
    test(`case 59: with ${history}, a newest snapshot that ${what} gives way to the one before`, async () => {
      using place = new SqlitePlace();
      await parked(place, keepHistory);
      spoil(place, 1);
      place.rowsRead = 0;
      await using engine = await place.open({ workflows: [job], keepHistory });

      assert.deepEqual(await finish(engine), { sum: 4_000, word: "go" });
      assert.ok(place.rowsRead > 500 && place.rowsRead < 3_500, `${place.rowsRead} events were read`);
    });
  }
}

test("case 59: with no snapshot that can be read the whole journal is folded", async () => {
  using place = new SqlitePlace();
  await parked(place, true);
  rewrite(place, 2, newer);
  place.rowsRead = 0;
  await using engine = await place.open({ workflows: [job] });

  assert.deepEqual(await finish(engine), { sum: 4_000, word: "go" });
  assert.ok(place.rowsRead > 4_000);
});

test("case 60: a run whose journal was compacted cannot be forked, and says why", async () => {
  using place = new SqlitePlace();
  await parked(place, false);
  await using engine = await place.open({ workflows: [job], keepHistory: false });

  await assert.rejects(
    engine.fork("r"),
    (error) => hasCode(error, "OPTION_INVALID") && /events 1 to \d+ were removed/.test((error as Error).message),
  );
  assert.equal((await engine.list()).length, 1);
});

test("case 59: a run whose journal was compacted and whose snapshots cannot be read is put aside with its reason; others go on, and so does it once they can be read", async () => {
  using place = new SqlitePlace();
  await parked(place, false);
  rewrite(place, 2, newer);
  {
    await using engine = await place.open({ workflows: [job], keepHistory: false });
    const other = await engine.start(job, { from: 0, total: 1, sum: 0 }, { id: "other" });
    await engine.signal("other", "word", "here");
    await engine.signal("r", "word", "go");
    await untilStatus(engine, "r", "paused");
    assert.deepEqual(await other.result(), { sum: 1, word: "here" });
    assert.match(
      (await (await engine.get("r")).summary()).note ?? "",
      /Events 1 to \d+ of run r were removed.*that snapshot cannot be read/,
    );
  }
  rewrite(place, 2, asWritten);
  await using engine = await place.open({ workflows: [job], keepHistory: false });
  await engine.resume("r");

  assert.deepEqual(await (await engine.get("r")).result(), { sum: 4_000, word: "go" });
});
