import { HeddleError } from "@heddle/kernel";
import type pg from "pg";
import { functions } from "./schema/0001-functions.ts";
import { retention } from "./schema/0001-retention.ts";
import { tables } from "./schema/0001-tables.ts";
import { move } from "./schema/0002-move.ts";

/** Takes the schema one version further. Oldest first; one that was released is never changed. */
const migrations: readonly ((s: string) => string)[] = [(s) => tables(s) + functions(s) + retention(s), move];

/** The schema's newest version. */
export const newest: number = migrations.length;

/** Nodes that start at the same moment wait for each other here. */
const migrationLock = 0x48444c31;

/**
 * Bring the schema to the newest version: all in one transaction, or not at all.
 *
 * @throws HeddleError `STORE_NOT_A_STORE` somebody else's tables are there; `STORE_NEWER`; errors of the server as they are
 */
export async function migrate(
  client: pg.Client,
  schema: string,
  place: string,
  list: readonly ((s: string) => string)[] = migrations,
): Promise<void> {
  const s = quoted(schema);
  if ((await versionOf(client, schema, place, list.length)) === list.length) return;
  await client.query("BEGIN");
  try {
    await client.query("SELECT pg_advisory_xact_lock($1)", [migrationLock]);
    const version = await versionOf(client, schema, place, list.length);
    if (version === 0) {
      const { rowCount } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
      // One that was made for this user needs no right to make others.
      if (rowCount === 0) await client.query(`CREATE SCHEMA ${s}`);
      await client.query(
        `CREATE TABLE ${s}.heddle_store (version integer NOT NULL, id uuid NOT NULL DEFAULT gen_random_uuid(), cluster text); INSERT INTO ${s}.heddle_store VALUES (0)`,
      );
    }
    for (const migration of list.slice(version)) await client.query(migration(s));
    await client.query(`UPDATE ${s}.heddle_store SET version = ${list.length}`);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** 0: nothing is there yet. */
async function versionOf(client: pg.Client, schema: string, place: string, known: number): Promise<number> {
  const { rows } = await client.query<{ ours: boolean; tables: number }>(
    `SELECT coalesce(bool_or(c.relname = 'heddle_store'), false) AS ours, count(*)::integer AS tables
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [schema],
  );
  const [{ ours, tables: there }] = rows as [{ ours: boolean; tables: number }];
  if (!ours && there === 0) return 0;
  if (!ours) {
    const message = `The schema "${schema}" at ${place} holds somebody else's tables. Name another in the address: ?schema=NAME.`;
    throw new HeddleError("STORE_NOT_A_STORE", message, { data: { place, schema } });
  }
  const { rows: versions } = await client.query<{ version: number }>(`SELECT version FROM ${quoted(schema)}.heddle_store`);
  const version = versions[0]?.version ?? 0;
  if (version <= known) return version;
  throw storeNewer(schema, place, version, known);
}

export function storeNewer(schema: string, place: string, version: number, known: number): HeddleError {
  const message = `The schema "${schema}" at ${place} was written by a newer Heddle (schema ${version}; this one knows ${known}). Install the newer version.`;
  return new HeddleError("STORE_NEWER", message, { data: { place, schema, version, newest: known } });
}

export function quoted(schema: string): string {
  return `"${schema}"`;
}
