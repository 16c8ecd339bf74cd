import pg from "pg";
import type { Address } from "./address.ts";
import { type Connection, hangUp } from "./connection.ts";

/** A pooler whose processes are all taken makes us wait: that, too, says that they are shared. */
const patienceMs = 5_000;

/**
 * Does something between us and the server hand each transaction to whichever of the server's processes is free (a pooler in transaction mode)?
 * A session has no memory then: what was set, prepared or listened to is gone with the next transaction.
 */
export async function isShared(address: Address, client: Connection): Promise<boolean> {
  const other = new pg.Client(address.config) as Connection;
  other.on("error", () => {});
  const late = Promise.withResolvers<true>();
  const timer = setTimeout(() => late.resolve(true), patienceMs);
  try {
    await other.connect();
    return await Promise.race([changesHands(client, other), late.promise]);
  } finally {
    clearTimeout(timer);
    // Whoever has none waits for it, until the other has gone.
    void free(other).catch(() => {});
    await hangUp(other);
    await free(client);
  }
}

async function changesHands(one: Connection, other: Connection): Promise<boolean> {
  const mine = await hold(one);
  await free(one);
  const theirs = await hold(other);
  if (theirs === mine) return true;
  // From here on both hold one at a time, so that the pooler has two to give out.
  if ((await hold(one)) !== mine) return true;
  await free(one);
  await free(other);
  // Of two that came back, one pooler gives out the last first, another the first.
  if ((await hold(one)) !== mine || (await hold(other)) !== theirs) return true;
  await free(one);
  await free(other);
  return (await hold(other)) !== theirs || (await hold(one)) !== mine;
}

/** Begin a transaction. Returns the number of the server's process that it has. */
async function hold(client: Connection): Promise<number> {
  await client.query("BEGIN");
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]!.pid;
}

async function free(client: Connection): Promise<void> {
  await client.query("ROLLBACK");
}
