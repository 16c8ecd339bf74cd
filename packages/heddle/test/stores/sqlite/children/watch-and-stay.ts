// Opens a store and uses it, also with the writer's thread, and then has nothing more to do: the process must end by itself.
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { commit, create, nextEvent, newRun } from "../store-rows.ts";

const [path = "", inlineGroups = "0"] = process.argv.slice(2);
const store = await openSqliteStore({ path }, { inlineGroups: Number(inlineGroups) });
store.watch(() => {});
await create(store, newRun("run", "child"));
const [verdict] = await commit(store, nextEvent("run", 1));
console.log(`committed ${verdict?.status}`);
