// Appends to runs that other processes append to as well, always behind the last event that it can see; says how many it appended.
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { commit, create, newRun } from "../store-rows.ts";

const [path = "", name = "", until = "0", inlineGroups = "16"] = process.argv.slice(2);
await using store = await openSqliteStore({ path }, { inlineGroups: Number(inlineGroups) });
await create(store, newRun(`own-${name}`, "child"));

let shared = 0;
let own = 1;
let refused = 0;
for (;;) {
  const last = (await store.readJournal("shared", 0)).at(-1)?.seq ?? 0;
  if (last >= Number(until)) break;
  const [mine, ours] = await commit(
    store,
    { runId: `own-${name}`, epoch: 1, expectedSeq: own, events: [`own-${name} ${own + 1}`], atMs: 1 },
    { runId: "shared", epoch: 1, expectedSeq: last, events: [`${name} ${last + 1}`], atMs: 1 },
  );
  if (mine?.status !== "ok") throw new Error(`an append to a run of its own was ${mine?.status}`);
  own++;
  if (ours?.status === "ok") shared++;
  else if (ours?.status === "stale") refused++;
  else throw new Error(`an append was ${ours?.status}`);
}
console.log(JSON.stringify({ shared, own, refused }));
