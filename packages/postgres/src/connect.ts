import { HeddleError } from "@heddle/kernel";
import pg from "pg";
import type { Address } from "./address.ts";
import { stateOf, toHeddleError } from "./fault.ts";
import { migrate } from "./migrate.ts";
import type { ServerClock } from "./server-clock.ts";

/** Oldest server that has all that is used here. */
const oldest = 140_000;

/** What the driver's types leave out: whether the connection keeps the process alive. */
export interface Connection extends pg.Client {
  ref(): void;
  unref(): void;
}

/**
 * A connection to a server that can be written to. It keeps no process alive until its user says so.
 *
 * @param options `migrate`: bring the schema to the newest version first; `time`: is told what the server says
 */
export async function connect(
  address: Address,
  options: { readonly migrate?: boolean; readonly time?: ServerClock } = {},
): Promise<Connection> {
  const client = new pg.Client(address.config) as Connection;
  // Without this an error between two queries would end the process. The next query says what is wrong.
  client.on("error", () => {});
  try {
    await client.connect();
    await check(client, address.place);
    // What is answered as kept must survive the machine, whatever this database does otherwise.
    await client.query("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'");
    if (options.migrate === true) await migrate(client, address.schema, address.place);
    await options.time?.ask(client);
    client.unref();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw explained(error, address.place);
  }
}

async function check(client: pg.Client, place: string): Promise<void> {
  const { rows } = await client.query<{ version: number; replica: boolean; readonly: string }>(
    "SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS replica, current_setting('default_transaction_read_only') AS readonly",
  );
  const [{ version, replica, readonly }] = rows as [{ version: number; replica: boolean; readonly: string }];
  if (replica || readonly === "on") {
    const what = replica ? "is a read replica" : "takes no writes (default_transaction_read_only)";
    throw new HeddleError("STORE_READ_ONLY", `PostgreSQL at ${place} ${what}: give the address of the primary.`, { data: { place } });
  }
  if (version < oldest) {
    const message = `PostgreSQL at ${place} is version ${Math.floor(version / 10_000)}; Heddle needs 14 or newer.`;
    throw new HeddleError("STORE_UNAVAILABLE", message, { data: { place, version } });
  }
}

function explained(error: unknown, place: string): HeddleError {
  const state = stateOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const options = { data: { place, ...(state === null ? null : { state }) }, cause: error };
  switch (state) {
    case "28P01":
    case "28000":
      return new HeddleError(
        "STORE_UNAVAILABLE",
        `PostgreSQL at ${place} does not let this user in (${text}): check user and password in the address.`,
        options,
      );
    case "3D000":
      return new HeddleError(
        "STORE_UNAVAILABLE",
        `PostgreSQL at ${place} has no such database (${text}): make it with createdb, or correct the address.`,
        options,
      );
    case "42501":
      return new HeddleError(
        "STORE_READ_ONLY",
        `This user may not make or change the store at ${place} (${text}): grant CREATE on the database.`,
        options,
      );
    default:
      return toHeddleError(error, place);
  }
}
