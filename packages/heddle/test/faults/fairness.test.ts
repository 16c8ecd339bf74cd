import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ageingMs, type NewRun, type RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { newRunRow, storeAddress } from "@heddle/testing";
import { openMemoryStore, openSqliteStore } from "heddle/internal";

const many = process.env["HEDDLE_SLOW"] === "1" ? 100_000 : 2_000;
const startMs = 1_700_000_000_000;
const address = process.env["HEDDLE_POSTGRES"];
let stores = 0;

const places: readonly { readonly name: string; open(): Promise<RunStore & AsyncDisposable> }[] = [
  { name: "memory", open: () => Promise.resolve(openMemoryStore()) },
  {
    name: "sqlite",
    open: () => {
      const folder = mkdtempSync(join(tmpdir(), "heddle-fairness-"));
      process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
      return openSqliteStore({ path: join(folder, "heddle.db"), durability: "process" });
    },
  },
  ...(address === undefined
    ? []
    : [{ name: "postgres", open: () => openPostgresStore({ url: storeAddress(address, `f${process.pid}_${++stores}`) }) }]),
];

function newRun(runId: string, fields: Partial<NewRun["row"]>): NewRun {
  return { row: newRunRow(runId, { workflow: "job", wakeAtMs: startMs, createdAtMs: startMs, ...fields }), events: [] };
}

async function create(store: RunStore, runs: readonly NewRun[]): Promise<void> {
  for (let from = 0; from < runs.length; from += 1_000) await store.commit({ creates: runs.slice(from, from + 1_000) });
}

async function taken(store: RunStore, limit: number, nowMs: number): Promise<string[]> {
  return (await store.claim({ node: "node", limit, nowMs })).map(({ runId }) => runId);
}

describe("fairness", () => {
  for (const { name, open } of places) {
    test(`case 63: one tenant with ${many} queued runs of high priority delays the runs of another by no more than a turn each, on ${name}`, async () => {
      await using store = await open();
      await create(
        store,
        Array.from({ length: many }, (_, index) =>
          newRun(`big-${index}`, { tenant: "big", priority: 9, wakeAtMs: startMs - many + index }),
        ),
      );
      await taken(store, 20, startMs);
      await create(
        store,
        ["small-1", "small-2", "small-3"].map((runId, index) => newRun(runId, { tenant: "small", wakeAtMs: startMs + index })),
      );

      const one = [...(await taken(store, 1, startMs + 10)), ...(await taken(store, 1, startMs + 10))];
      assert.deepEqual(one.toSorted(), ["big-20", "small-1"]);
      const more = await taken(store, 4, startMs + 10);
      assert.deepEqual(more.toSorted(), ["big-21", "big-22", "small-2", "small-3"]);
      assert.deepEqual(await taken(store, 2, startMs + 10), ["big-23", "big-24"], "who has nothing left leaves all of it to the others");
    });

    test(`case 63: a hundred tenants with ${many} queued runs together have the same share, and one more that comes has it too, on ${name}`, async () => {
      await using store = await open();
      const tenants = Array.from({ length: 100 }, (_, index) => `t${index}`);
      // The first has half of all.
      const runs = Array.from({ length: many }, (_, index) =>
        newRun(`r${index}`, { tenant: index % 2 === 0 ? "t0" : tenants[(index >> 1) % 100]! }),
      );
      await create(store, runs);
      const tenantOf = new Map(runs.map(({ row }) => [row.runId, row.tenant]));
      await create(store, [newRun("late", { tenant: "t50x" })]);

      const first = (await taken(store, 101, startMs)).map((runId) => tenantOf.get(runId) ?? "late");
      assert.equal(new Set(first).size, 101);
      const counts = new Map<string, number>();
      for (let turn = 0; turn < 40; turn++)
        for (const runId of await taken(store, 5, startMs)) counts.set(tenantOf.get(runId)!, (counts.get(tenantOf.get(runId)!) ?? 0) + 1);
      assert.deepEqual(new Set(counts.values()), new Set([2]));
    });

    test(`case 63: a run of low priority begins in time while more urgent ones come faster than they are worked off, on ${name}`, async () => {
      await using store = await open();
      await create(store, [newRun("patient", { priority: -1 })]);
      const levels = 2;
      const came = 4;
      const workedOff = 3;
      let began: number | null = null;
      for (let second = 0; began === null && second < 400; second++) {
        const wakeAtMs = startMs + second * 1_000;
        await create(
          store,
          Array.from({ length: came }, (_, index) => newRun(`urgent-${second}-${index}`, { priority: levels - 1, wakeAtMs })),
        );
        if ((await taken(store, workedOff, wakeAtMs)).includes("patient")) began = second;
      }
      // All that came in two minutes goes first, and nothing that came later.
      const fair = (levels * ageingMs * came) / workedOff / 1_000;
      assert.ok(began !== null && Math.abs(began - fair) <= 2, `it began after ${began} seconds`);
    });
  }
});
