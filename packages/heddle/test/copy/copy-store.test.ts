import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NewRun, RunStore, WholeRun } from "@heddle/kernel";
import { newRunRow } from "@heddle/testing";
import { open, workflow } from "heddle";
import { openMemoryStore } from "heddle/internal";
import { copyStore, type CopyOptions, type CopyProgress, undoCopy } from "../../src/engine/copy/copy-store.ts";
import { kept } from "../kept-store.ts";

const wait = workflow("wait", async (ctx, word: string) => `${word} ${await ctx.receive<string>("go", "go")}`);
const quick = workflow("quick", async (_ctx, word: string) => word);
const clock = { nowMs: () => Date.now() };

function run(index: number): NewRun {
  const row = newRunRow(`r${index}`, { workflow: "w", wakeAtMs: null, createdAtMs: 1, inputHash: "h" });
  return { row, events: ["{}", "{}"] };
}

interface Pair {
  readonly from: RunStore;
  readonly to: RunStore;
  readonly ends: Pick<CopyOptions, "from" | "to" | "fromName" | "toName" | "clock">;
}

/** A store with a run that waits, one with mail, and one that has ended; and an empty one. */
async function pair(): Promise<Pair> {
  const [from, to] = [openMemoryStore(), openMemoryStore()];
  await using engine = await open(kept(from), { workflows: [wait, quick] });
  await engine.start(wait, "one", { id: "waits" });
  await (await engine.start(quick, "two", { id: "ended" })).result();
  await settle(from, "waits", "waiting");
  await from.commit({ messages: [{ runId: "waits", id: "s1", atMs: 5, body: '{"type":"signal","name":"other","value":1}' }] });
  return { from, to, ends: { from, to, fromName: "memory:a", toName: "memory:b", clock } };
}

async function settle(store: RunStore, runId: string, status: string): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if ((await store.get(runId))?.status === status) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${runId} did not become ${status}`);
}

/** A store whose calls go through these. */
function over(store: RunStore, calls: Partial<RunStore>): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(calls, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function both(store: RunStore): Promise<unknown> {
  const rows = await store.list({ limit: 1_000 });
  return Promise.all(rows.map(({ runId }) => store.exportRun(runId)));
}

describe("a copy of a store", () => {
  test("is the same, run by run, and the source takes no more writes", async () => {
    const { from, to, ends } = await pair();
    await from.putBlob("hash", "plan");

    const report = await copyStore(ends);
    assert.deepEqual(await both(to), await both(from));
    assert.equal(await to.getBlob("hash"), "plan");
    const { digest, ...counted } = report;
    assert.match(digest, /^[0-9a-f]{64}$/);
    const statuses = { waiting: 1, completed: 1 };
    assert.deepEqual(counted, { again: false, runs: 2, written: 2, statuses, folded: 2, values: 1, damaged: [], damagedValues: [] });
    assert.deepEqual(await from.readMove(), { to: "memory:b", done: true });
    await using engine = await open(kept(from), { passive: true });
    await assert.rejects(engine.signal("waits", "go", "no"), { code: "STORE_MOVED" });
  });

  test("goes on in the target", async () => {
    const { to, ends } = await pair();
    await copyStore(ends);
    await using engine = await open(kept(to), { workflows: [wait] });

    await engine.signal("waits", "go", "there");
    assert.equal(await (await engine.get("waits")).result(), "one there");
  });

  test("of 10,000 runs holds no more than a batch of them, in order of their creation", async () => {
    const [from, to] = [openMemoryStore(), openMemoryStore()];
    for (let at = 0; at < 10_000; at += 500) await from.commit({ creates: Array.from({ length: 500 }, (_, index) => run(at + index)) });
    let held = 0;
    let most = 0;
    let pages = 0;
    let writing = true;
    const counted = over(from, {
      exportRun: async (runId) => {
        if (writing) most = Math.max(most, ++held);
        return from.exportRun(runId);
      },
      list: async (options) => {
        const rows = await from.list(options);
        pages = Math.max(pages, rows.length);
        return rows;
      },
    });
    const taking = over(to, {
      importRuns: async (runs) => {
        held -= runs.length;
        return to.importRuns(runs);
      },
    });

    const onProgress = ({ phase, done, total }: CopyProgress): void => void (writing &&= !(phase === "runs" && done === total));
    const report = await copyStore({ from: counted, to: taking, fromName: "memory:a", toName: "memory:b", clock, onProgress });
    assert.equal(report.runs, 10_000);
    assert.equal(held, 0);
    assert.ok(most <= 100, `it held ${most} runs`);
    assert.ok(pages <= 200, `it held ${pages} rows`);
    const ids = (await to.list({ oldestFirst: true, limit: 10_000 })).map(({ runId }) => runId);
    assert.deepEqual(
      ids,
      Array.from({ length: 10_000 }, (_, index) => `r${index}`),
    );
  });

  test("of large runs holds fewer of them", async () => {
    const [from, to] = [openMemoryStore(), openMemoryStore()];
    const body = "x".repeat(1_000_000);
    for (let index = 0; index < 20; index++) await from.commit({ creates: [{ ...run(index), events: [body] }] });
    const batches: number[] = [];
    const taking = over(to, {
      importRuns: async (runs) => {
        batches.push(runs.length);
        return to.importRuns(runs);
      },
    });

    await copyStore({ from, to: taking, fromName: "memory:a", toName: "memory:b", clock });
    assert.deepEqual(batches, [4, 4, 4, 4, 4]);
  });

  test("that is cut at any of its steps goes on nowhere until it is done again, and is then whole", async () => {
    for (let cut = 1; ; cut++) {
      const { from, to, ends } = await pair();
      const before = await both(from);
      let calls = 0;
      const dying = (store: RunStore): RunStore =>
        new Proxy(store, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name, target);
            if (typeof value !== "function") return value;
            return async (...given: unknown[]) => {
              if (++calls === cut) throw new Error("cut");
              if (calls > cut) throw new Error("a dead process calls nobody");
              return Reflect.apply(value, target, given) as unknown;
            };
          },
        });
      const dead = await copyStore({ ...ends, from: dying(from), to: dying(to) }).then(
        () => false,
        (error: Error) => error.message === "cut",
      );
      if (!dead) {
        assert.ok(cut > 10, `it was cut ${cut} times`);
        return;
      }

      const move = await from.readMove();
      if ((await to.list({})).length > 0) assert.notEqual(move, null, "the source is closed before anything arrives");
      const there = await to.claim({ node: "there", limit: 10, nowMs: Number.MAX_SAFE_INTEGER });
      if (move !== null) await assert.rejects(async () => from.claim({ node: "here", limit: 10, nowMs: 10 }), { code: "STORE_MOVED" });
      if (there.length > 0) {
        assert.equal(move?.done, true, "what goes on there is gone for good here");
        continue;
      }
      const again = await copyStore(ends);
      assert.equal(again.runs, 2);
      assert.deepEqual(await both(to), before);
    }
  });

  test("takes runs over whose process was killed, and not those of a node that lives", async () => {
    const { from, to, ends } = await pair();
    await from.heartbeat("living", Date.now() + 60_000, Date.now());
    await from.claim({ node: "living", limit: 10, nowMs: Date.now() });

    await assert.rejects(copyStore(ends), (error: Error & { data: unknown }) => {
      assert.match(error.message, /^memory:a is in use: node living runs waits\. Stop that process/);
      assert.deepEqual(error.data, { store: "memory:a", nodes: ["living"], runIds: ["waits"] });
      return true;
    });
    assert.equal(await from.readMove(), null);
    assert.deepEqual(await both(to), []);
    const later = { nowMs: () => Date.now() + 120_000 };
    await copyStore({ ...ends, clock: later });
    const { status, crashes } = (await to.get("waits"))!;
    assert.deepEqual({ status, crashes }, { status: "queued", crashes: 1 });
  });

  test("into a store with other runs leaves them alone", async () => {
    const { from, to, ends } = await pair();
    await to.commit({ creates: [run(1), run(2)] });
    const [one, two] = [await to.exportRun("r1"), await to.exportRun("r2")];

    await copyStore(ends);
    assert.deepEqual([await to.exportRun("r1"), await to.exportRun("r2")], [one, two]);
    assert.deepEqual(await to.exportRun("waits"), await from.exportRun("waits"));
  });

  test("is refused before anything is written when another run has an id or a dedup key", async () => {
    const { from, to, ends } = await pair();
    const dedup = (runId: string): NewRun => ({ ...run(1), row: { ...run(1).row, runId, dedupKey: "k" } });
    await from.commit({ creates: [dedup("mine")] });
    await to.commit({ creates: [{ ...run(1), row: { ...run(1).row, runId: "waits" } }, dedup("yours")] });

    await assert.rejects(copyStore(ends), (error: Error & { code: string; data: { runIds: string[]; difference: string[] } }) => {
      assert.equal(error.code, "COPY_CONFLICT");
      assert.deepEqual(error.data.runIds, ["waits", "mine"]);
      assert.match(error.data.difference.join("\n"), /waits: workflow is "w", not "wait"\nmine: run yours has its dedup key/);
      return true;
    });
    assert.equal(await from.readMove(), null);
    assert.equal(await to.get("ended"), null);
    assert.equal((await from.claim({ node: "here", limit: 10, nowMs: Date.now() })).length, 1, "the source is in use as before");
  });

  test("names the run that did not arrive as it was sent, and nothing goes on", async () => {
    const { from, to, ends } = await pair();
    const spoiling = over(to, {
      importRuns: (runs) =>
        to.importRuns(
          runs.map((whole): WholeRun => {
            if (whole.row.runId !== "ended") return whole;
            return { ...whole, events: whole.events.map((event) => (event.seq === 2 ? { ...event, atMs: 1 } : event)) };
          }),
        ),
    });

    await assert.rejects(copyStore({ ...ends, to: spoiling }), (error: Error & { code: string; data: { difference: string[] } }) => {
      assert.equal(error.code, "COPY_DIFFERS");
      assert.match(error.message, /: ended\./);
      assert.deepEqual(error.data.difference, ["ended: the first of its events that differs is number 2"]);
      return true;
    });
    assert.deepEqual(await to.claim({ node: "there", limit: 10, nowMs: Number.MAX_SAFE_INTEGER }), []);
    await to.delete("ended");
    assert.equal((await copyStore(ends)).written, 1);
    assert.deepEqual(await both(to).then((runs) => (runs as unknown[]).length), 2);
    assert.deepEqual(await to.exportRun("ended"), await from.exportRun("ended"));
  });

  test("reports a damaged run, which stays where it is, and copies the others", async () => {
    const { from, to, ends } = await pair();
    const { HeddleError } = await import("@heddle/kernel");
    const damaged = over(from, {
      exportRun: async (runId) => {
        if (runId === "ended") throw new HeddleError("JOURNAL_CORRUPT", "Event 2 of run ended fails its checksum.", { data: { runId } });
        return from.exportRun(runId);
      },
    });

    const report = await copyStore({ ...ends, from: damaged });
    assert.deepEqual(report.damaged, [{ runId: "ended", message: "Event 2 of run ended fails its checksum." }]);
    assert.equal(await to.get("ended"), null);
    assert.deepEqual(await to.exportRun("waits"), await from.exportRun("waits"));
  });

  test("keeps mail that came to a run in the target before it was handed over", async () => {
    const { from, to, ends } = await pair();
    const late = over(to, {
      exportRun: async (runId) => {
        await to.commit({ messages: [{ runId: "waits", id: "early", atMs: 9, body: "{}" }] });
        return to.exportRun(runId);
      },
    });

    await copyStore({ ...ends, to: late });
    assert.deepEqual(
      (await to.readMail("waits")).map(({ mailSeq, id }) => [mailSeq, id]),
      [
        [1, "s1"],
        [2, "early"],
      ],
    );
    assert.equal((await to.get("waits"))?.status, "waiting");
    assert.equal((await from.readMail("waits")).length, 1);
  });

  test("that has come to its end is told again, and the source goes to no other store", async () => {
    const { to, ends } = await pair();
    await copyStore(ends);
    await to.claim({ node: "there", limit: 1, nowMs: Date.now() });

    const again = await copyStore(ends);
    assert.deepEqual({ again: again.again, runs: again.runs, written: again.written }, { again: true, runs: 2, written: 0 });
    await assert.rejects(copyStore({ ...ends, toName: "memory:c" }), { code: "STORE_MOVED" });
    await assert.rejects(copyStore({ ...ends, from: to, to: ends.from, fromName: "memory:b", toName: "memory:a" }), {
      code: "STORE_MOVED",
    });
    await assert.rejects(undoCopy(ends), { code: "STORE_MOVED" });
  });

  test("that was stopped can be taken back: the source is as before, and the target too", async () => {
    const { from, to, ends } = await pair();
    await to.commit({ creates: [run(1)] });
    const [here, there] = [await both(from), await both(to)];
    assert.equal(await undoCopy(ends), null);
    const stop = new AbortController();
    const stopped = copyStore({
      ...ends,
      signal: stop.signal,
      onProgress: ({ phase }) => phase === "verify" && stop.abort(new Error("stop")),
    });
    await assert.rejects(stopped, /stop/);
    assert.equal((await to.get("waits"))?.status, "paused");

    assert.equal(await undoCopy(ends), 2);
    assert.deepEqual([await both(from), await both(to)], [here, there]);
    assert.equal((await from.claim({ node: "here", limit: 10, nowMs: Date.now() })).length, 1);
  });

  test("is refused of a store into which another copy is under way", async () => {
    const { from, to, ends } = await pair();
    const stop = new AbortController();
    const stopped = copyStore({
      ...ends,
      signal: stop.signal,
      onProgress: ({ phase }) => phase === "verify" && stop.abort(new Error("stop")),
    });
    await assert.rejects(stopped, /stop/);
    const third = openMemoryStore();

    const onwards = copyStore({ ...ends, from: to, fromName: "memory:b", to: third, toName: "memory:c" });
    await assert.rejects(onwards, { code: "STORE_IN_USE", message: /^Run waits is on its way into memory:b/ });
    assert.equal(await to.readMove(), null);
    await copyStore(ends);
    await copyStore({ ...ends, from: to, fromName: "memory:b", to: third, toName: "memory:c" });
    assert.deepEqual(await both(third), await both(from));
  });

  test("is not taken back when a run has gone on in the target", async () => {
    const { from, to, ends } = await pair();
    const stop = new AbortController();
    const stopped = copyStore({
      ...ends,
      signal: stop.signal,
      onProgress: ({ phase }) => phase === "verify" && stop.abort(new Error("stop")),
    });
    await assert.rejects(stopped, /stop/);
    await to.setStatus("waits", ["paused"], "queued", 1, null);

    await assert.rejects(undoCopy(ends), { code: "COPY_DIFFERS", message: /Run waits has gone on at memory:b/ });
    assert.notEqual(await from.readMove(), null);
    assert.notEqual(await to.get("ended"), null);
  });
});
