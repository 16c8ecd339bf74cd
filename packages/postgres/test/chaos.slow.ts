import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunRow, RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { Cluster, eventually, PostgresServer, randomProgram, SeededRandom } from "@heddle/testing";
import { ChaosFaults } from "./chaos-faults.ts";
import { query } from "./query.ts";

const whole = process.env["HEDDLE_SLOW"] === "1";
const seconds = Number(process.env["HEDDLE_SECONDS"] ?? (whole ? 600 : 60));
const seed = Number(process.env["HEDDLE_SEED"] ?? 1);
const runs = Number(process.env["HEDDLE_RUNS"] ?? (whole ? 2_000 : 200));
/** After the last fault everything ends within this time. The longest programs sleep for most of it. */
const boundMs = 120_000;

test(`three nodes under a fault every second for ${seconds} s: ${runs} runs end, nothing is lost, nothing is recorded twice (seed ${seed})`, async (t) => {
  t.diagnostic(`seed ${seed}`);
  await using server = await PostgresServer.start();
  const address = server.newAddress();
  const store = await openPostgresStore({ url: address });
  await using cluster = await Cluster.open({ program: new URL("./children/chaos-node.ts", import.meta.url), address, store });
  await query(address, "CREATE TABLE ledger (run text NOT NULL)");
  const faults = await ChaosFaults.begin(cluster, server, new SeededRandom(seed ^ 0xfa17));
  /** Signals are sent as people send them: again, if nobody said that they arrived. */
  const send = (run: string, name: string, value: number, id: string): Promise<void> =>
    faults.ask((node) =>
      node.call<void>("signal", run, name, value, { id }).catch((error: { code?: string }) => {
        if (error.code !== "RUN_ENDED" && error.code !== "RUN_UNKNOWN") throw error;
      }),
    );

  const begin = async (index: number): Promise<void> => {
    // Whoever is quicker: what becomes of each run is drawn from the seed and its number.
    const random = new SeededRandom(seed * 100_003 + index);
    const id = `r${index}`;
    const ordered = index % 2 === 0;
    const input = ordered ? index : randomProgram(random, { depth: 2, width: 3 });
    await faults.ask((node) => node.call("start", ordered ? "order" : "program", input, { id }));
    if (ordered) await send(id, "word", 6, "word");
    const earlier = `r${random.below(index + 1)}`;
    for (const name of ["a", "b", "c"]) if (random.below(2) === 0) await send(earlier, name, random.below(10), `${id} ${name}`);
  };
  let next = 0;
  const work = Array.from({ length: 16 }, async () => {
    for (let index = next++; index < runs; index = next++) {
      await faults.untilShare(index / runs);
      await begin(index);
    }
  });
  await Promise.all([...work, faults.strike(seconds)]);
  await faults.heal();

  // What still waits for a signal is sent one, until it ends.
  let round = 0;
  await eventually(
    async () => {
      const open = await unended(store);
      round++;
      const waiting = open.filter(
        (row) => row.workflow === "program" && row.status === "waiting" && row.wakeAtMs === null && row.mailSeq === row.mailSeen,
      );
      for (const { runId } of waiting) for (const name of ["a", "b", "c"]) await send(runId, name, 0, `end ${round} ${name}`);
      return open.length === 0;
    },
    "every run has ended",
    boundMs,
  ).catch(async (error: unknown) => {
    const open = await unended(store);
    for (const row of open.slice(0, 3)) t.diagnostic(`${JSON.stringify(row)}\n${JSON.stringify(await cluster.journal(row.runId))}`);
    throw new Error(`${open.length} runs did not end, the first: ${open[0]?.runId}`, { cause: error });
  });

  t.diagnostic(
    `${faults.report()}; ${cluster.witness.effects.length} effects, ${cluster.witness.appends.length} appends, ${cluster.witness.refusals.length} refused`,
  );
  let poisoned = 0;
  for (let index = 0; index < runs; index++) {
    const row = await store.get(`r${index}`);
    assert.ok(row !== null, `run r${index} is there`);
    if (index % 2 === 1) continue;
    const last = (await cluster.journal(row.runId)).at(-1)?.event;
    assert.ok(last?.type === "run-ended");
    // A step that three processes in a row were killed at is held to be what killed them.
    if (last.outcome.status === "failed" && JSON.stringify(last.outcome).includes("STEP_POISONED")) poisoned++;
    else assert.deepEqual(last.outcome, { status: "completed", value: 9 * index + 9 }, row.runId);
  }
  t.diagnostic(`${poisoned} blamed`);
  const twice = await query(address, "SELECT run, count(*) FROM ledger GROUP BY run HAVING count(*) > 1");
  assert.deepEqual(twice, [], "a transaction is committed once");
  const [entries] = await query(address, "SELECT count(*)::integer AS count FROM ledger");
  assert.ok(Number(entries?.["count"]) >= runs / 2 - poisoned);
  assert.deepEqual(await cluster.faults(), []);
});

async function unended(store: RunStore): Promise<readonly RunRow[]> {
  return store.list({ status: ["queued", "waiting", "running", "paused"], limit: 10_000 });
}
