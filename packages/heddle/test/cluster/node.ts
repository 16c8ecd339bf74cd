// A process of the tests with several: its workflows tell the witness of every step.
import type { RetryPolicy, RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { serveNode, type WitnessReport } from "@heddle/testing";
import { workflow, type Context, type StepContext, type Workflow } from "heddle";
import { openSqliteStore } from "heddle/internal";

const any = <I, O>(definition: Workflow<I, O>): Workflow<never, unknown> => definition;

function workflows(report: WitnessReport): Workflow<never, unknown>[] {
  /** A step that acts on the world and records what the world gave for it. */
  const tell =
    ({ runId }: Context, key: string) =>
    async (step: StepContext): Promise<{ receipt: number }> => ({ receipt: await report.effect(runId, key, step) });

  const child = workflow("child", async (ctx, n: number) => {
    await ctx.step("work", tell(ctx, "work"));
    return n;
  });
  const patient = workflow("patient", async (ctx) => {
    const word = await ctx.receive<string>("word", "word");
    await ctx.step("after", tell(ctx, "after"));
    return word;
  });
  return [
    any(child),
    any(patient),
    any(
      workflow("every-kind", async (ctx) => {
        const beside = ctx.step("beside", tell(ctx, "beside"));
        await ctx.step("first", tell(ctx, "first"));
        await ctx.step("after", tell(ctx, "after"));
        await ctx.emit("said", "said", "so");
        const called = await ctx.call("child", child, 7);
        await ctx.sleep("pause", 5);
        const word = await ctx.receive<string>("word", "word");
        await beside;
        return [called, word];
      }),
    ),
    any(
      workflow("lose-renewals", async (ctx) => {
        await ctx.step("lose", async (step) => {
          renewalsLost = true;
          await report.effect(ctx.runId, "lose", step);
        });
      }),
    ),
    any(
      workflow("chain", async (ctx, steps: number) => {
        for (let index = 0; index < steps; index++) await ctx.step(`s${index}`, tell(ctx, `s${index}`));
        return steps;
      }),
    ),
    any(
      workflow("wide", async (ctx, steps: number) => {
        await Promise.all(Array.from({ length: steps }, (_, index) => ctx.step(`s${index}`, tell(ctx, `s${index}`))));
        return steps;
      }),
    ),
    any(
      workflow("parent", async (ctx, children: number) => {
        const numbers = await Promise.all(Array.from({ length: children }, (_, index) => ctx.call(`c${index}`, child, index)));
        return numbers.reduce((sum, number) => sum + number, 0);
      }),
    ),
    any(
      workflow("guardian", async (ctx) => {
        await ctx.start("detached", patient, null, { close: "detach" });
        await ctx.call("called", patient, null);
      }),
    ),
    any(
      workflow("late-call", async (ctx) => {
        const started = ctx.call("child", child, 7);
        await ctx.step("busy", tell(ctx, "busy"));
        return started;
      }),
    ),
    any(
      workflow("collect", async (ctx, count: number) => {
        const taken: unknown[] = [];
        for (let index = 0; index < count; index++) taken.push(await ctx.receive(`r${index}`, "word"));
        return taken;
      }),
    ),
    any(
      workflow("hurried", async (ctx, timeoutMs: number) => {
        const first = await ctx.receive<string>("first", "word", { timeout: timeoutMs });
        return { first: first ?? null, second: first === undefined ? await ctx.receive<string>("second", "word") : null };
      }),
    ),
    any(
      workflow("flaky", async (ctx, retry: RetryPolicy) => {
        await ctx.step("call", tell(ctx, "call"), { retry: { ...retry, factor: 2 } });
      }),
    ),
    any(
      workflow("bounded", async (ctx) => void (await ctx.step("inside", tell(ctx, "inside"))), {
        concurrency: { limit: 3, key: (input: { tenant: string }) => input.tenant },
      }),
    ),
    any(workflow("metered", async (ctx) => void (await ctx.step("work", tell(ctx, "work"))), { rateLimit: { limit: 3, period: 500 } })),
    any(workflow("rare", async (ctx) => void (await ctx.step("work", tell(ctx, "work"))), { rateLimit: { limit: 3, period: "1h" } })),
  ];
}

/** Set by the workflow `lose-renewals`: signs of life reach the store, and its answers are lost. */
let renewalsLost = false;

async function openStore(address: string): Promise<RunStore> {
  const store = await (address.startsWith("sqlite:")
    ? openSqliteStore({ path: address.slice("sqlite:".length) })
    : openPostgresStore({ url: address }));
  return new Proxy(store, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "heartbeat") return typeof value === "function" ? value.bind(target) : value;
      return async (...parameters: Parameters<RunStore["heartbeat"]>) => {
        const lost = renewalsLost;
        const alive = await target.heartbeat(...parameters);
        return lost ? new Promise<never>(() => {}) : alive;
      };
    },
  });
}

await serveNode({ openStore, workflows });
