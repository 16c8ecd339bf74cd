// Opens a file without the rights of root; says how that was refused.
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";

const [path = ""] = process.argv.slice(2);
try {
  process.setgid?.(65_534);
  process.setuid?.(65_534);
} catch (error) {
  throw new Error("cannot become nobody", { cause: error });
}
try {
  await openSqliteStore({ path });
  console.log("opened");
} catch (error) {
  console.log(`refused ${(error as { code?: string }).code}`);
}
