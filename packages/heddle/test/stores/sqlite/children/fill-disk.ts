// Appends until the disk is full, makes room, and goes on; says what was acknowledged and what is there. Its folder is on a small disk.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { commit, create, newRun } from "../store-rows.ts";

const [folder = "", inlineGroups = "16"] = process.argv.slice(2);
const ballast = join(folder, "ballast");
writeFileSync(ballast, Buffer.alloc(1_000_000));
let store = await openSqliteStore({ path: join(folder, "store.db") }, { inlineGroups: Number(inlineGroups) });
await create(store, newRun("run", "child"));

let seq = 1;
const codes: string[] = [];
const append = async (): Promise<boolean> => {
  const part = { runId: "run", epoch: 1, expectedSeq: seq, events: [`run ${seq + 1} ${"x".repeat(20_000)}`], atMs: 1 };
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
rmSync(ballast);
for (let more = 0; more < 5; more++) await append();
const afterRoom = seq;
await store[Symbol.asyncDispose]();
store = await openSqliteStore({ path: join(folder, "store.db") });
const there = (await store.readJournal("run", 0)).length;
await store[Symbol.asyncDispose]();
console.log(`report ${JSON.stringify({ codes, atFull, readable, afterRoom, there })}`);
