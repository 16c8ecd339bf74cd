// Appends until the disk is full, makes room, and goes on; says what was acknowledged and what is there. Its folder is on a small disk.
import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { commit, create, newRun } from "../store-rows.ts";

const [folder = "", inlineGroups = "16", ballastBytes = "0", eventBytes = "0", more = "0"] = process.argv.slice(2);
const ballast = join(folder, "ballast");
const path = join(folder, "store.db");
writeFileSync(ballast, Buffer.alloc(Number(ballastBytes)));
let store = await openSqliteStore({ path }, { inlineGroups: Number(inlineGroups) });
await create(store, newRun("run", "child"));

let seq = 1;
const codes: string[] = [];
const append = async (): Promise<boolean> => {
  const part = { runId: "run", epoch: 1, expectedSeq: seq, events: [`run ${seq + 1} ${"x".repeat(Number(eventBytes))}`], atMs: 1 };
  try {
    const [verdict] = await commit(store, part);
    if (verdict?.status !== "ok") throw new Error(`an append was ${verdict?.status}`);
    seq = verdict.seq;
    return true;
  } catch (error) {
    codes.push(String((error as { code?: unknown }).code));
    return false;
  }
};
while (await append());
const atFull = seq;
await append();
const readable = (await store.readJournal("run", 0)).length;
const { checkpoints } = store.counters();
const checkpointedAtFull = statSync(path).size;
rmSync(ballast);
for (let time = 0; time < Number(more); time++) await append();
const afterRoom = seq;
const checkpointedAfterRoom = statSync(path).size;
await store[Symbol.asyncDispose]();
store = await openSqliteStore({ path });
const there = (await store.readJournal("run", 0)).length;
await store[Symbol.asyncDispose]();
console.log(
  `report ${JSON.stringify({ codes, atFull, readable, checkpoints, checkpointedAtFull, afterRoom, checkpointedAfterRoom, there })}`,
);
