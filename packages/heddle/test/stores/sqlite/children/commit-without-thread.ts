// A store whose thread cannot start, in a process that has nothing else to wait for.
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { create, newRun } from "../store-rows.ts";

const [path = ""] = process.argv.slice(2);
const store = await openSqliteStore({ path }, { inlineGroups: 0, threadUrl: new URL("file:///nowhere/writer.js") });
const { creates } = await create(store, newRun("run"));
console.log(`created ${creates[0]?.status}`);
await store[Symbol.asyncDispose]();
