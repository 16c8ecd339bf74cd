import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { append, END, graph, open, START, sum, type Engine } from "heddle";
import { storeAddress } from "@heddle/testing";
import pg from "pg";

const bytesAStep = 1_000;
/** What is kept of a step: the event that brought its kilobyte, and the kilobyte once more in the run's result. */
const mostStored = 3_000;

/** A text of 1,000 characters that no compression makes smaller by much. */
function kilobyte(step: number): string {
  let text = "";
  for (let part = 0; text.length < bytesAStep; part++) text += createHash("sha512").update(`${step} ${part}`).digest("base64");
  return text.slice(0, bytesAStep);
}

/** Runs a graph whose state grows by 1 kB in each step. */
async function grow(engine: Engine, steps: number): Promise<void> {
  const growing = graph("growing", { log: append<string>(), steps: sum() }, { stepLimit: steps + 10 })
    .node("step", (state) => ({ log: [kilobyte(state.steps)], steps: 1 }))
    .edge(START, "step")
    .route("step", (state) => (state.steps < steps ? "again" : END), { again: "step" });
  const run = await engine.start(growing, {});
  const { log } = await run.result();
  assert.equal(log.join("").length, steps * bytesAStep);
}

for (const steps of [400, 1_000]) {
  test(`a state that grows by 1 kB a step takes at most 3 kB a step of a file after ${steps} steps`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "heddle-growing-"));
    try {
      {
        await using engine = await open(`sqlite:${join(folder, "heddle.db")}`);
        await grow(engine, steps);
      }

      // The log is copied into the file and removed when the engine is closed.
      assert.deepEqual(readdirSync(folder), ["heddle.db"]);
      const stored = statSync(join(folder, "heddle.db")).size / steps;
      assert.ok(stored > 2 * bytesAStep && stored <= mostStored, `${stored.toFixed(0)} bytes a step`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Pages of a schema's tables and indexes, and of what its large texts are kept in. */
async function bytesOf(client: pg.Client, schema: string): Promise<number> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = $1",
    [schema],
  );
  // Deleted rows give their room back, as the server sees to by itself sooner or later.
  for (const { name } of rows) await client.query(`VACUUM ${name}`);
  const { rows: sizes } = await client.query<{ bytes: string }>(
    `WITH own AS (SELECT c.oid, c.reltoastrelid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'i')),
       large AS (SELECT reltoastrelid AS oid FROM own WHERE reltoastrelid <> 0)
     SELECT sum(pg_relation_size(oid))::text AS bytes FROM (
       SELECT oid FROM own UNION ALL SELECT oid FROM large UNION ALL SELECT i.indexrelid FROM pg_index i JOIN large l ON l.oid = i.indrelid) every`,
    [schema],
  );
  return Number(sizes[0]!.bytes);
}

const server = process.env["HEDDLE_POSTGRES"];
describe("on a server", { skip: server === undefined ? "HEDDLE_POSTGRES is not set" : false }, () => {
  for (const steps of [400, 1_000]) {
    test(`a state that grows by 1 kB a step takes at most 3 kB a step of a server after ${steps} steps`, async () => {
      const schema = `growing_${process.pid}_${steps}`;
      const client = new pg.Client(server);
      await client.connect();
      try {
        await (await open(storeAddress(server!, schema)))[Symbol.asyncDispose]();
        const before = await bytesOf(client, schema);
        {
          await using engine = await open(storeAddress(server!, schema));
          await grow(engine, steps);
        }

        const stored = ((await bytesOf(client, schema)) - before) / steps;
        assert.ok(stored > 2 * bytesAStep && stored <= mostStored, `${stored.toFixed(0)} bytes a step`);
      } finally {
        await client.end();
      }
    });
  }
});
