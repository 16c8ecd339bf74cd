import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openSqliteStore } from "heddle/internal";
import { newRun } from "./store-rows.ts";
import { newPath } from "./temporary-store.ts";

test("permits that count no more are removed, also of keys that nobody asks for again", async () => {
  const path = newPath();
  const keys = 400;
  {
    await using store = await openSqliteStore({ path, durability: "process" });
    for (let index = 0; index < keys; index++) {
      const rate = { rateKey: `k${index}`, rateMax: 5, ratePeriodMs: 100 };
      await store.commit({ creates: [newRun(`r${index}`, "node", { ...rate, createdAtMs: index * 10 })] });
    }
    for (let index = 0; index < keys; index++) {
      const rate = { rateKey: "one", rateMax: 5, ratePeriodMs: 100 };
      await store.commit({ creates: [newRun(`s${index}`, "node", { ...rate, createdAtMs: (keys + index) * 10 })] });
    }
  }
  using database = new DatabaseSync(path);
  const { count } = database.prepare("SELECT count(*) AS count FROM heddle_permit").get() as { count: number };
  assert.ok(count <= 10, `${count} are left`);
});
