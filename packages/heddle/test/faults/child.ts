// A process for the fault cases: runs one workflow on a SQLite file and writes down every effect as it happens. Killed by its parent, or by itself.
import { appendFileSync, readFileSync } from "node:fs";
import type { CommitBatch, RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { open, workflow, type Workflow } from "heddle";
import { openSqliteStore } from "heddle/internal";

const [address = "", effects = "", name = "", runId = "", mode = ""] = process.argv.slice(2);

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
/** What a step did to the world: one line each, on disk before the step goes on. */
const effect = (line: object): void => appendFileSync(effects, `${JSON.stringify(line)}\n`);
const dieOnce = (mark: string): void => {
  if (mode === "die") killOnce(mark);
};
const killOnce = (mark: string): void => {
  const done = readFileSync(effects, "utf8");
  if (!done.includes(`"died":"${mark}"`)) {
    effect({ died: mark });
    process.kill(process.pid, "SIGKILL");
  }
};
/** Mode `die-at-commit TEXT`: killed once when the store has committed an event with this text and nobody has been told. */
const dieAtCommit = mode.startsWith("die-at-commit ") ? mode.slice("die-at-commit ".length) : null;
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
};

const workflows: Record<string, Workflow<unknown, unknown>> = {
  "killed-after-effect": workflow("killed-after-effect", async (ctx) => {
    await ctx.step("before", () => effect({ key: "before" }));
    await ctx.step("charge", ({ idempotencyKey, attempt }) => {
      effect({ key: "charge", idempotencyKey, attempt });
      dieOnce("charge");
    });
    return ctx.step("after", () => {
      effect({ key: "after" });
      return "done";
    });
  }),
  "killed-after-append": workflow("killed-after-append", async (ctx) => {
    const value = await ctx.step("draw", () => {
      const value = Math.random();
      effect({ key: "draw", value });
      return value;
    });
    // The result is here, so its record is durable: dying now must not draw again.
    dieOnce("draw");
    return value;
  }),
  "at-most-once": workflow("at-most-once", async (ctx) => {
    const outcome = await ctx
      .step(
        "send",
        () => {
          effect({ key: "send" });
          dieOnce("send");
        },
        { effect: "at-most-once", retry: 5 },
      )
      .catch((error: { code?: string }) => error.code);
    return { outcome };
  }),
  poison: workflow("poison", async (ctx) => {
    await ctx.step("fine", () => effect({ key: "fine" }));
    const results = await Promise.allSettled([
      ctx.step("innocent", async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        effect({ key: "innocent" });
      }),
      ctx.step("poison", () => {
        effect({ key: "poison" });
        die();
      }),
    ]);
    return results.map((result) => (result.status === "fulfilled" ? "ok" : (result.reason as { code?: string }).code));
  }),
  unlucky: workflow("unlucky", async (ctx) =>
    ctx.step("unlucky", () => {
      effect({ key: "unlucky" });
      if (readFileSync(effects, "utf8").trim().split("\n").length <= 3) die();
      return "lived";
    }),
  ),
  "poison-first": workflow("poison-first", async (ctx) => {
    const code = await ctx
      .step("poison", () => {
        effect({ key: "poison" });
        die();
      })
      .catch((error: { code?: string }) => error.code);
    return { code, after: await ctx.step("after", () => "went on") };
  }),
  "poison-code": workflow("poison-code", async (ctx) => {
    effect({ key: "code" });
    die();
    await ctx.sleep("never", 1);
  }),
  parent: workflow("parent", async (ctx) => ctx.call("child", workflows["child"] as never, null)),
  child: workflow("child", async (ctx) => {
    await ctx.sleep("pause", 50);
    return 7;
  }),
  compensating: workflow("compensating", async (ctx) => {
    for (const key of ["a", "b", "c"]) {
      await ctx.step(key, () => effect({ key }), {
        compensate: () => {
          effect({ undo: key });
          dieOnce(`undo ${key}`);
        },
      });
    }
    await ctx.receive("never", "never");
  }),
  spawning: workflow("spawning", async (ctx) => {
    await ctx.start("child", workflows["spawned"] as never, null);
    // The child is recorded: it is durable now, and this process has not begun it yet.
    dieOnce("spawned");
    await ctx.receive("never", "never");
  }),
  spawned: workflow("spawned", async (ctx) => {
    await ctx.receive("go", "go");
    await ctx.step("child", () => effect({ key: "child" }));
  }),
  retrying: workflow("retrying", async (ctx) =>
    ctx.step(
      "flaky",
      ({ idempotencyKey, attempt }) => {
        effect({ key: "flaky", idempotencyKey, attempt });
        if (attempt === 3) dieOnce("attempt 3");
        if (attempt < 6) throw new Error(`attempt ${attempt}`);
        return attempt;
      },
      { retry: { attempts: 5, initialMs: 20, factor: 2, jitter: "none" } },
    ),
  ),
  long: workflow("long", async (ctx) => {
    for (let index = 0; index < 200; index++) {
      await ctx.step(`s${index}`, async () => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        effect({ key: `s${index}` });
        return index;
      });
    }
    return "all";
  }),
  parked: workflow("parked", async (ctx) => ctx.receive("word", "word")),
};

const store: RunStore = await (address.startsWith("sqlite:")
  ? openSqliteStore({ path: address.slice("sqlite:".length) })
  : openPostgresStore({ url: address }));
const killing = new Proxy(store, {
  get(target, property): unknown {
    const value: unknown = Reflect.get(target, property, target);
    if (property !== "commit" || dieAtCommit === null) return typeof value === "function" ? value.bind(target) : value;
    return async (batch: CommitBatch) => {
      const verdict = await target.commit(batch);
      const events = [...(batch.parts ?? []), ...(batch.creates ?? [])].flatMap((part) => part.events);
      if (events.some((event) => event.includes(dieAtCommit))) killOnce(dieAtCommit.replaceAll('"', ""));
      return verdict;
    };
  },
});
const engine = await open(dieAtCommit === null ? address : killing, {
  workflows: Object.values(workflows),
  leaseMs: 400,
  node: `${name}-${process.pid}`,
  drainMs: 2_000,
});
process.once("SIGTERM", () => {
  void engine.close().then(() => {
    say({ closed: true });
    process.exit(0);
  });
});
const run = await engine.start(name, null, { id: runId });
say({ started: runId });
if (mode === "start-only") {
  await engine.close();
  process.exit(0);
}
try {
  say({ result: await run.result() });
} catch (error) {
  say({ error: (error as { code?: string }).code });
}
await engine.close();
