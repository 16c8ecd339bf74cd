import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openPostgresStore } from "@heddle/postgres";
import { PostgresServer, postgresInstallations } from "@heddle/testing";
import pg from "pg";

const parked = process.env["HEDDLE_SLOW"] === "1" ? 1_000_000 : 20_000;
const nowMs = 1_700_000_000_000;

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Heap Fetches"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The plans of all that a statement runs, also inside functions, as they were carried out. */
async function plansOf(client: pg.Client, sql: string): Promise<readonly PlanNode[]> {
  const plans: PlanNode[] = [];
  const hear = ({ message = "" }: { readonly message?: string | undefined }): void => {
    const json = message.slice(message.indexOf("{"));
    if (message.includes("plan:")) plans.push((JSON.parse(json) as { Plan: PlanNode }).Plan);
  };
  client.on("notice", hear);
  await client.query(
    `SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off; SET auto_explain.log_format = json;
     SET auto_explain.log_nested_statements = on; SET client_min_messages = log`,
  );
  await client.query(sql);
  await client.query("RESET client_min_messages; RESET auto_explain.log_min_duration");
  client.off("notice", hear);
  assert.ok(plans.length > 0, "plans were told");
  return plans;
}

function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const plan of node.Plans ?? []) yield* nodesOf(plan);
}

const scansOf = (plans: readonly PlanNode[]): PlanNode[] =>
  plans.flatMap((plan) => [...nodesOf(plan)]).filter((node) => node["Relation Name"] === "run" && node["Node Type"].includes("Scan"));

/** Nothing is met but what is asked for. Returns how many rows were read. */
function assertLean(scans: readonly PlanNode[]): number {
  for (const scan of scans) {
    // Runs that were found are looked up by their numbers, however the planner likes to.
    const byNumber = scan["Node Type"] === "Bitmap Heap Scan" && scan.Plans?.every((plan) => plan["Index Name"] === "run_pkey") === true;
    assert.ok(byNumber || /^Index (Only )?Scan$/.test(scan["Node Type"]), JSON.stringify(scan));
    assert.equal(scan["Rows Removed by Filter"] ?? 0, 0, JSON.stringify(scan));
  }
  assert.ok(scans.some((scan) => scan["Index Name"] === "run_wake" && scan["Node Type"] === "Index Only Scan"));
  return scans.reduce((sum, scan) => sum + (scan["Actual Rows"] ?? 0) * (scan["Actual Loops"] ?? 1), 0);
}

/** Runs of one workflow: `due` of one tenant, the rest parked, of many tenants and priorities. */
const fill = (s: string, due: number): string => `
  INSERT INTO ${s}.kind (workflow, queue) VALUES ('sample', 'default');
  INSERT INTO ${s}.run (part, id, kind, status, epoch, tenant, priority, created_at, input_hash, wake_at)
    SELECT (SELECT current FROM ${s}.journal_part WHERE one), 'parked-' || i, 1, 1, 1, 'tenant-' || i % 20, i % 3, ${nowMs}, '', ${nowMs} + 1000000 + i FROM generate_series(1, ${parked}) i;
  INSERT INTO ${s}.run (part, id, kind, status, epoch, tenant, priority, created_at, input_hash, wake_at)
    SELECT (SELECT current FROM ${s}.journal_part WHERE one), 'due-' || i, 1, 0, 0, 'tenant-3', i % 3, ${nowMs}, '', ${nowMs} - i FROM generate_series(1, ${due}) i`;

const askFor = (s: string, count: number): string =>
  `SELECT * FROM ${s}.claim('node-a', ${count}, ${nowMs}, ARRAY[1], ARRAY[${nowMs}], ARRAY[NULL]::integer[], '')`;

for (const installation of postgresInstallations()) {
  const server = await PostgresServer.start({ installation });
  after(() => server[Symbol.asyncDispose]());

  /** A connection to a store with such runs, and its schema. `prepare` is called while the store is empty. */
  const filled = async (
    due: number,
    prepare: (client: pg.Client, s: string) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<{ readonly client: pg.Client; readonly s: string } & AsyncDisposable> => {
    const url = new URL(server.newAddress());
    const s = `"${url.searchParams.get("schema")}"`;
    await (await openPostgresStore({ url: url.href }))[Symbol.asyncDispose]();
    url.search = "";
    const client = new pg.Client(url.href);
    await client.connect();
    try {
      await prepare(client, s);
      await client.query(fill(s, due));
    } catch (error) {
      await client.end();
      throw error;
    }
    return { client, s, [Symbol.asyncDispose]: () => client.end() };
  };

  test(`case 62: with ${parked} parked runs of 20 tenants a claim, and the question when the next is due, are answered by indexes, and meet none of them, on ${installation.version}`, async () => {
    await using store = await filled(2_000);
    const { client, s } = store;
    await client.query(`VACUUM ANALYZE ${s}.run`);
    await client.query("LOAD 'auto_explain'");

    const asked = assertLean(scansOf(await plansOf(client, `SELECT ${s}.next_wake(NULL, ARRAY[1], ARRAY[0], ARRAY[NULL]::integer[])`)));
    const read = assertLean(scansOf(await plansOf(client, askFor(s, 10))));
    const { rows } = await client.query<{ id: string }>(`SELECT id FROM ${s}.run WHERE status = 2 ORDER BY wake_at, id`);
    assert.equal(rows.length, 10);
    assert.equal(asked, 1);
    // Of 20 tenants each of three levels is looked at, then ten runs of each level are read, and ten taken.
    assert.ok(read < 300, `${read} rows were read`);
  });

  test(`case 62: nothing is read of parked runs by a session whose plans were made while the store was empty, on ${installation.version}`, async () => {
    await using store = await filled(50, async (first, schema) => {
      for (let time = 0; time < 8; time++) {
        await first.query(askFor(schema, 10));
        await first.query(`SELECT ${schema}.next_wake(NULL, ARRAY[1], ARRAY[0], ARRAY[NULL]::integer[])`);
      }
    });
    const { client, s } = store;
    await client.query("LOAD 'auto_explain'");

    for (let time = 0; time < 3; time++) {
      const read = assertLean(scansOf(await plansOf(client, askFor(s, 10))));
      assert.ok(read < 300, `${read} rows were read`);
    }
  });
}
