import type pg from "pg";
import type { Address } from "./address.ts";
import { newest, quoted, storeNewer } from "./migrate.ts";

/** Which store stands in a schema. */
export interface StoreIdentity {
  /** Given when the schema was made; a copy has the same. */
  readonly id: string;
  /**
   * File of the journal's part 0, which is never emptied here: another after the journal was made or filled anew, as when a backup is put in its place. The
   * journal itself has none, since it has parts.
   */
  readonly journalFile: number;
}

/** @throws HeddleError `STORE_NEWER`; errors of the server as they are, also when there is no store */
export async function identify(client: pg.Client, { schema, place }: Address): Promise<StoreIdentity> {
  const s = quoted(schema);
  const { rows } = await client.query<StoreIdentity & { readonly version: number }>(
    `SELECT id, version, pg_relation_filenode(to_regclass('${s}.journal_0')) AS "journalFile" FROM ${s}.heddle_store`,
  );
  const { id, version, journalFile } = rows[0]!;
  if (version > newest) throw storeNewer(schema, place, version, newest);
  return { id, journalFile };
}
