// Opens a file that others open at the same moment, writes a run of its own, and closes it.
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { create, newRun } from "../store-rows.ts";

const [path = "", name = "", at = "0"] = process.argv.slice(2);
while (Date.now() < Number(at));
await using store = await openSqliteStore({ path });
const { creates } = await create(store, newRun(name));
console.log(`created ${creates[0]?.status}`);
