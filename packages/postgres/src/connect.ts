import { HeddleError } from "@heddle/kernel";
import pg from "pg";
import type { Address } from "./address.ts";
import { type Backend, type Connection, hangUp } from "./connection.ts";
import { isShared } from "./pooler.ts";
import { toRefusal } from "./refusal.ts";
import { checkServer, checkShared, type ServerFacts } from "./server-check.ts";

export interface Connected {
  readonly client: Connection;
  /** The server's process that serves it; null: a pooler gives it another for each transaction. */
  readonly backend: Backend | null;
}

/**
 * How a session of ours is, whatever is set for this user or database. What is answered as kept must survive the machine. What locks are for must be
 * seen behind them. And the server must not keep the locks of one whose process or machine is gone: it looks for that every few seconds.
 */
const settings = `SELECT
  CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END,
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('idle_in_transaction_session_timeout', '10s', false),
  set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`;

const facts = `SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS replica,
  current_setting('default_transaction_read_only') AS readonly, current_setting('server_encoding') AS encoding,
  (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS durable,
  (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_isolation') AS isolation,
  pg_backend_pid() AS pid, (SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS "startedAt"`;

/**
 * A connection to a server that can be written to. It keeps no process alive until its user says so.
 *
 * @throws HeddleError `STORE_REFUSED`, `STORE_READ_ONLY`, `STORE_UNSUPPORTED`, `STORE_UNAVAILABLE`
 */
export async function connect(address: Address): Promise<Connected> {
  const client = new pg.Client(address.config) as Connection;
  // Without this an error between two queries would end the process. The next query says what is wrong.
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<ServerFacts & Backend>(facts);
    const server = rows[0]!;
    checkServer(server, address.place);
    // Only who stands in between tells another number than the server's own.
    const shared = client.processID !== server.pid && (await isShared(address, client));
    if (shared) checkShared(server, address.place);
    else await client.query(settings);
    client.unref();
    return { client, backend: shared ? null : { pid: server.pid, startedAt: server.startedAt } };
  } catch (error) {
    await hangUp(client);
    throw toRefusal(error, address.place);
  }
}

/** Once more after a connection was lost. What refuses us now may be on its way to being put right, as in a failover: so it is tried again. */
export async function reconnect(address: Address, check: (client: pg.Client) => Promise<void>): Promise<Connected> {
  const connected = await connect(address).catch((error: HeddleError) => {
    throw new HeddleError("STORE_UNAVAILABLE", error.message, { data: error.data, cause: error });
  });
  try {
    await check(connected.client);
    return connected;
  } catch (error) {
    await hangUp(connected.client);
    throw error;
  }
}
