import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { queryObjects } from "node:v8";
import type { RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { eventually, FakeClock, storeAddress } from "@heddle/testing";
import { workflow, type Context } from "heddle";
import { openMemoryStore, openSqliteStore } from "heddle/internal";
import { OwnedRun } from "../../src/engine/owned-run.ts";
import { kept } from "../kept-store.ts";
import { openHeld } from "./engines.ts";

const address = process.env["HEDDLE_POSTGRES"];
const folder = mkdtempSync(join(tmpdir(), "heddle-parked-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
let stores = 0;

/** A new store, to be opened as often as one likes. */
const places: readonly { readonly name: string; make(): (clock: FakeClock) => Promise<RunStore> }[] = [
  {
    name: "memory",
    make() {
      const store = openMemoryStore();
      return () => Promise.resolve(kept(store));
    },
  },
  {
    name: "SQLite",
    make() {
      const path = join(folder, `${++stores}.db`);
      return (clock) =>
        openSqliteStore({ path, durability: "process", clock }, { inlineGroups: Number.POSITIVE_INFINITY, watchMs: 2 ** 30 });
    },
  },
  ...(address === undefined
    ? []
    : [
        {
          name: "PostgreSQL",
          make() {
            const url = storeAddress(address, `p${process.pid}_${++stores}`);
            return (clock: FakeClock) => openPostgresStore({ url, clock });
          },
        },
      ]),
];

type Counts = Map<string, { calls: number; most: number }>;

/** How often a node asks its store, and how many rows it is given at once at most, by what it asks. */
function counted(store: RunStore, counts: Counts): RunStore {
  return new Proxy(store, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, parameters);
        if (!(answer instanceof Promise)) return answer;
        const count = counts.get(String(name)) ?? { calls: 0, most: 0 };
        counts.set(String(name), count);
        count.calls++;
        return answer.then((rows: unknown) => {
          if (Array.isArray(rows)) count.most = Math.max(count.most, rows.length);
          return rows;
        });
      };
    },
  });
}

for (const place of places) {
  describe(`a node that has nothing to do, on ${place.name}`, () => {
    test("case 62: it asks as much, is given as little and holds as little with 1,200 parked runs as with 1,010", async () => {
      const idle = async (runs: number): Promise<Counts> => {
        const clock = new FakeClock();
        const openStore = place.make();
        const patient = workflow("patient", async (ctx: Context, kind: number) => {
          if (kind === 0) await ctx.receive("word", "word");
          else if (kind === 1) await ctx.receive("word", "word", { timeout: "90d" });
          else await ctx.sleep("long", "90d");
        });
        const maker = await openHeld(await openStore(clock), { workflows: [patient], clock }, clock);
        await Promise.all(Array.from({ length: runs }, (_, index) => maker.start(patient, index % 3)));
        await eventually(async () => (await maker.list({ status: ["queued", "running"], limit: 1 })).length === 0, "all of them wait");
        await clock.runUntil(maker.close());
        const counts = new Map();
        const engine = await openHeld(counted(await openStore(clock), counts), { workflows: [patient], clock, node: "idle" }, clock);
        for (let minute = 0; minute < 2; minute++) await clock.advance(60_000);
        assert.equal(queryObjects(OwnedRun, { format: "count" }), 0, "no run is held in memory");
        await clock.runUntil(engine.close());
        return counts;
      };
      const [few, many] = [await idle(1_010), await idle(1_200)];

      const most = (counts: Counts) => Object.fromEntries([...counts].map(([name, { most: rows }]) => [name, rows]));
      assert.deepEqual(most(many), most(few));
      assert.equal(many.get("claim")?.most, 0);
      // Hints of a real server come in real time, and set it looking once more.
      for (const [name, { calls }] of many) assert.ok(calls <= (few.get(name)?.calls ?? 0) + 5, `${calls} times ${name}`);
    });
  });
}
