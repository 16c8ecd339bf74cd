// W10: what a node keeps in memory that has nothing to do, beside so many parked runs.
import { open, workflow } from "heddle";
import pg from "pg";
import type { Parameters, Sample } from "../../src/sample.ts";
import { liveBytes } from "../../src/timing.ts";

/** @param parked runs that wait for a signal or for a time that is far, as rows that were put there at once */
export async function measure({ url, parked }: Parameters): Promise<Sample> {
  const waits = workflow("waits", async (ctx) => ctx.receive("word", "word"));
  const works = workflow("works", async (ctx) => ctx.step("step", async () => 1));
  {
    await using engine = await open(String(url), { workflows: [waits] });
    await engine.start(waits, null, { id: "first" });
  }
  await park(String(url), Number(parked));
  await using engine = await open(String(url), { workflows: [waits, works] });
  // It looks for work, claims and ends some: what it would remember of the others it would remember now.
  for (let index = 0; index < 200; index++) await (await engine.start(works, null)).result();
  const live = liveBytes();
  return { liveMb: live / 1e6, rssMb: process.memoryUsage().rss / 1e6 };
}

async function park(url: string, parked: number): Promise<void> {
  const address = new URL(url);
  const s = `"${address.searchParams.get("schema") ?? "heddle"}"`;
  address.search = "";
  const client = new pg.Client(address.href);
  await client.connect();
  const later = Date.now() + 30 * 24 * 3_600_000;
  await client.query(
    `INSERT INTO ${s}.run (part, id, kind, status, epoch, priority, created_at, input_hash, wake_at)
     SELECT first.part, 'parked-' || g, first.kind, 1, 1, 0, $1, '', CASE WHEN g % 2 = 0 THEN $1::bigint + g END
     FROM (SELECT part, kind FROM ${s}.run WHERE id = 'first') first, generate_series(1, $2::integer) g`,
    [later, parked],
  );
  await client.query(`VACUUM ANALYZE ${s}.run`);
  await client.end();
}
