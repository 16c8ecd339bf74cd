// A process of the chaos test.
import { openPostgresStore } from "@heddle/postgres";
import { programWorkflow, serveNode, type WitnessReport } from "@heddle/testing";
import { workflow, type Context, type StepContext, type Workflow } from "heddle";

function workflows(report: WitnessReport): Workflow<never, unknown>[] {
  const tell = ({ runId }: Context, key: string, value: number, failures = 0) =>
    [
      key,
      async (step: StepContext) => {
        const receipt = await report.effect(runId, key, step);
        if (step.attempt <= failures) throw new Error(`failure ${step.attempt}`);
        return { receipt, value };
      },
    ] as const;

  const part = workflow("part", async (ctx, n: number) => {
    const { value } = await ctx.step(...tell(ctx, "part", n));
    await ctx.sleep("rest", 20);
    return value;
  });
  const bounded = workflow(
    "bounded",
    async (ctx, input: { tenant: string; n: number }) => (await ctx.step(...tell(ctx, "inside", input.n))).value,
    { concurrency: { limit: 3, key: ({ tenant }) => tenant } },
  );
  /** Everything that may happen in a run, and a result that has only one right value: 9 n + 9. */
  const order = workflow("order", async (ctx, n: number) => {
    let sum = 0;
    for (let index = 0; index < 3; index++) sum += (await ctx.step(...tell(ctx, `s${index}`, n))).value;
    const items = await ctx.map("item", [0, 1, 2], async (item, step) => {
      await report.effect(ctx.runId, `item/${item}`, step);
      return n + item;
    });
    for (const item of items) sum += item;
    sum += await ctx.call("part", part, n);
    await ctx.transaction("ledger", (tx) => tx.run("INSERT INTO ledger (run) VALUES ($1)", ctx.runId));
    await ctx.sleep("rest", n % 3 === 0 ? 2_000 : 30);
    sum += await ctx.receive<number>("word", "word");
    const [key, fail] = tell(ctx, "flaky", n, 2);
    sum += (await ctx.step(key, fail, { retry: { attempts: 50, initialMs: 20, factor: 1 } })).value;
    sum += await ctx.call("bounded", bounded, { tenant: `t${n % 5}`, n });
    return sum;
  });
  /** Transactions, each of several round trips, until it is told to stop. */
  const ledger = workflow("ledger", async (ctx) => {
    let written = 0;
    for (let stop: unknown; stop === undefined; written++) {
      await ctx.transaction(`t${written}`, (tx) => tx.run("INSERT INTO ledger (run) VALUES ($1)", `${ctx.runId} ${written}`));
      if (written % 100 === 99) stop = await ctx.receive(`r${written}`, "stop", { timeout: 0 });
    }
    return written;
  });
  const program = programWorkflow((key, _, step, runId) => report.effect(runId, key, step));
  return [part, bounded, order, ledger, program];
}

await serveNode({ openStore: (address) => openPostgresStore({ url: address }), workflows });
