import type pg from "pg";
import type { Sign } from "./call-watch.ts";
import type { Backend } from "./connection.ts";
import { stateOf } from "./fault.ts";

const its = "FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2::timestamptz";
/** For one that was told to end. */
const endsWithinMs = 5_000;

/** See what the server's process of another connection does. Never fails. @param withinMs a server that says nothing for so long is out of reach */
export async function lookAt(pool: pg.Pool, { pid, startedAt }: Backend, withinMs: number): Promise<Sign> {
  try {
    const query = {
      text: `SELECT state, wait_event_type AS waits, state_change::text AS since ${its}`,
      values: [pid, startedAt],
      query_timeout: withinMs,
    };
    const { rows } = await pool.query<{ state: string; waits: string | null; since: string }>(query);
    const [row] = rows;
    if (row === undefined) return "gone";
    return row.state === "active" && row.waits !== "Client" ? "working" : `idle ${row.state} ${row.since}`;
  } catch (error) {
    // A server that refuses is there, and may be working.
    return stateOf(error) === null ? "idle out of reach" : "working";
  }
}

/** End the server's process of a connection that was lost: what it still holds or does would stand in our way. */
export async function endBackend(client: pg.Client, { pid, startedAt }: Backend): Promise<void> {
  await client.query(`SELECT pg_terminate_backend(pid, ${endsWithinMs}) ${its}`, [pid, startedAt]).catch(() => {});
}
