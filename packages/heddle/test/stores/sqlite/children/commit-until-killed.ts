// Appends to a few runs as fast as it can, and says after each acknowledgement which event it was.
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { commit, create, nextEvent, newRun } from "../store-rows.ts";

const [path = "", inlineGroups = "16", durability = "machine"] = process.argv.slice(2);
const store = await openSqliteStore({ path, durability: durability as "machine" | "process" }, { inlineGroups: Number(inlineGroups) });
const runIds = ["a", "b", "c", "d"];
await create(store, ...runIds.map((runId) => newRun(runId, "child")));
console.log("begun");

await Promise.all(
  runIds.map(async (runId, index) => {
    for (let seq = 1; ; seq += index + 1) {
      // Several events at once in some runs: a part is there whole or not at all.
      const events = Array.from({ length: index + 1 }, (_, more) => `${runId} ${seq + 1 + more}`);
      const [verdict] = await commit(store, nextEvent(runId, seq, { events }));
      if (verdict?.status !== "ok") throw new Error(`an append was ${verdict?.status}`);
      console.log(`${runId} ${verdict.seq}`);
    }
  }),
);
