// Opens a store at the word "go".
import { once } from "node:events";
import { openPostgresStore } from "@heddle/postgres";
import pg from "pg";

const url = process.argv[2]!;
process.stdout.write("ready\n");
await once(process.stdin, "data");
const store = await openPostgresStore({ url });
const client = new pg.Client(url);
await client.connect();
const { rows } = await client.query<{ id: string }>("SELECT id FROM heddle_store");
await client.end();
await store[Symbol.asyncDispose]();
process.stdout.write(`opened ${rows.map(({ id }) => id).join()}\n`);
process.stdin.destroy();
