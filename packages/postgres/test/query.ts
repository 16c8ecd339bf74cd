import pg from "pg";

/** Ask the database beside the store, on a connection of its own. The store's schema is where names are looked up. */
export async function query(address: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(address);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
