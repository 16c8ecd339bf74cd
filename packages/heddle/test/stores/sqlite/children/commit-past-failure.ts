// Appends; makes one flush fail; tries five more times. Says how many events were acknowledged, and what the failures were.
import { writeFileSync } from "node:fs";
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { commit, create, newRun, nextEvent } from "../store-rows.ts";

const [path = "", trigger = "", inlineGroups = "0"] = process.argv.slice(2);
const store = await openSqliteStore({ path }, { inlineGroups: Number(inlineGroups) });
await create(store, newRun("run", "child"));
let acknowledged = 1;
for (; acknowledged < 10; acknowledged++) await commit(store, nextEvent("run", acknowledged));
writeFileSync(trigger, "");
const codes: string[] = [];
for (let time = 0; time < 6; time++) {
  try {
    const [verdict] = await commit(store, nextEvent("run", acknowledged));
    codes.push(String(verdict?.status));
  } catch (error) {
    codes.push(String((error as { code?: unknown }).code));
  }
}
console.log(`report ${JSON.stringify({ acknowledged, codes })}`);
await store[Symbol.asyncDispose]();
