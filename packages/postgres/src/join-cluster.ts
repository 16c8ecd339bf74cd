import { HeddleError } from "@heddle/kernel";
import type pg from "pg";
import type { Address } from "./address.ts";
import { quoted } from "./migrate.ts";

/**
 * See to it that the store is the cluster's that the address names. The first who names one gives the store its name; from then on whoever opens it names the same.
 *
 * @throws HeddleError `STORE_OTHER_CLUSTER`
 */
export async function joinCluster(client: pg.Client, { schema, place, cluster }: Address): Promise<void> {
  const s = quoted(schema);
  if (cluster !== null) await client.query(`UPDATE ${s}.heddle_store SET cluster = $1 WHERE cluster IS NULL`, [cluster]);
  const { rows } = await client.query<{ cluster: string | null }>(`SELECT cluster FROM ${s}.heddle_store`);
  const owner = rows[0]?.cluster ?? null;
  if (owner === null || owner === cluster) return;
  const said = cluster === null ? "the address names none" : `the address names "${cluster}"`;
  const message = `The schema "${schema}" at ${place} is the store of the cluster "${owner}", and ${said}: give it another schema, ?schema=NAME, or, where this one is meant, ?cluster=${owner}.`;
  throw new HeddleError("STORE_OTHER_CLUSTER", message, { data: { place, schema, cluster, owner } });
}
