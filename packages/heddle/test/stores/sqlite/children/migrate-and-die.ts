// Brings a store to a second schema and ends itself with SIGKILL in the middle of it, or just behind it.
import { openSqliteStore } from "../../../../src/stores/sqlite/sqlite-store.ts";
import { migrations } from "../../../../src/stores/sqlite/schema.ts";

const [path = "", when = ""] = process.argv.slice(2);
await openSqliteStore(
  { path },
  {
    migrations: [
      ...migrations,
      ({ database }) => {
        database.exec("CREATE TABLE heddle_second (a)");
        // Larger than SQLite's cache, so that a part of it is already in the log.
        database.exec(
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO heddle_second SELECT randomblob(1000) FROM n",
        );
        if (when === "inside") process.kill(process.pid, "SIGKILL");
      },
    ],
  },
);
process.kill(process.pid, "SIGKILL");
