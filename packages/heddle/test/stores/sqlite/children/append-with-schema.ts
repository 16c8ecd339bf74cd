// Opens a file as an older or a newer Heddle would, appends to a run of its own until it is refused or has done so often enough, and says what came of it.
import { migrations } from "../../../../src/stores/sqlite/schema.ts";
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { withSecondSchema } from "../second-schema.ts";
import { commit, create, newRun, nextEvent } from "../store-rows.ts";

const [path = "", name = "", known = "", at = "0", times = "1", inlineGroups = "16"] = process.argv.slice(2);
while (Date.now() < Number(at));
let appended = 0;
let code: unknown = null;
try {
  await using store = await openSqliteStore(
    { path },
    { migrations: known === "newer" ? withSecondSchema : migrations, inlineGroups: Number(inlineGroups) },
  );
  await create(store, newRun(name, "child"));
  appended = 1;
  console.log("begun");
  for (; appended < Number(times); appended++) {
    const [verdict] = await commit(store, nextEvent(name, appended));
    if (verdict?.status !== "ok") throw new Error(`an append was ${verdict?.status}`);
  }
} catch (error) {
  ({ code } = error as { code?: unknown });
  if (typeof code !== "string") throw error;
}
console.log(`report ${JSON.stringify({ appended, code })}`);
