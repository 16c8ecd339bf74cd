// Does work with the user's own tables and kills itself at the n-th point: a question to the server was sent, and is not answered. Before the first of a
// transaction there is one more.
import { open, workflow } from "heddle";
import pg from "pg";

const [url = "", what = "", life = "", last = ""] = process.argv.slice(2);
let point = 0;
/** Transactions count from here on; of all connections, or of the user's own. */
let counting = false;
let inside = false;
let users: pg.Client | null = null;

const query = pg.Client.prototype.query as (this: pg.Client, ...parameters: unknown[]) => unknown;
pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]): unknown {
  const [first] = parameters;
  const text = typeof first === "string" ? first : (first as { readonly text: string }).text;
  if (text === "BEGIN") {
    inside = counting && (users === null || users === this);
    if (inside) die();
  }
  if (!inside) return Reflect.apply(query, this, parameters);
  if (text === "COMMIT") inside = false;
  const answer = Reflect.apply(query, this, parameters);
  die();
  return answer;
} as typeof pg.Client.prototype.query;

function die(): void {
  if (++point === Number(last)) process.kill(process.pid, "SIGKILL");
}

const ship = workflow("ship", async (ctx, id: string) => {
  await ctx.transaction("ship", (tx) => tx.run("INSERT INTO shipped VALUES ($1)", id));
  return id;
});

const engine = await open(url, { workflows: [ship], leaseMs: 600 });
if (what === "outbox") {
  const client = new pg.Client(url);
  await client.connect();
  users = client;
  counting = true;
  await client.query("BEGIN");
  await client.query("INSERT INTO orders VALUES ($1)", [life]);
  await engine.within(client).start(ship, life, { id: life });
  await client.query("COMMIT");
  await client.end();
  await (await engine.get(life)).result();
} else {
  counting = true;
  const run = await engine.start(ship, life, { id: life });
  await run.result();
  counting = false;
}
// Also what the ones before have left.
for (const { runId } of await engine.list({ limit: 1_000 })) await (await engine.get(runId)).result();
await engine.close();
process.stdout.write("done\n");
