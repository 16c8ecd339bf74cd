import { DatabaseSync } from "node:sqlite";
import type { RunId, RunStore } from "@heddle/kernel";
import { runStoreSuite, type StoreDamage } from "@heddle/testing";
import { openSqliteStore } from "heddle/internal";
import { newPath } from "./temporary-store.ts";

const paths = new WeakMap<RunStore, string>();

const run = "(SELECT run FROM heddle_run WHERE id = ?)";
const spoil = (store: RunStore, sql: string, ...values: (string | number)[]): void => {
  using database = new DatabaseSync(paths.get(store)!);
  if (database.prepare(sql).run(...values).changes !== 1) throw new Error(`spoilt nothing: ${sql}`);
};
const damage: StoreDamage = {
  async event(store: RunStore, runId: RunId, seq: number) {
    spoil(store, `UPDATE heddle_journal SET body = 'T' || substr(body, 2) WHERE run = ${run} AND seq = ?`, runId, seq);
  },
  async loseEvent(store: RunStore, runId: RunId, seq: number) {
    spoil(store, `DELETE FROM heddle_journal WHERE run = ${run} AND seq = ?`, runId, seq);
  },
  async snapshot(store: RunStore, runId: RunId, seq: number) {
    spoil(store, `UPDATE heddle_snapshot SET body = 'A' || substr(body, 2) WHERE run = ${run} AND seq = ?`, runId, seq);
  },
};

/** The laws, on stores that commit so many groups on the main thread before they start a thread. */
export function suiteOn(name: string, inlineGroups: number): void {
  const openAt = async (path: string): Promise<RunStore> => {
    const store = await openSqliteStore({ path, durability: "process" }, { inlineGroups });
    paths.set(store, path);
    return store;
  };
  runStoreSuite(`openSqliteStore ${name}`, () => openAt(newPath()), {
    reopen: async (store) => {
      await store[Symbol.asyncDispose]();
      return openAt(paths.get(store)!);
    },
    beside: (store) => openAt(paths.get(store)!),
    damage,
    rounds: 4,
  });
}
