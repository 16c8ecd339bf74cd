// The code behind the journals that 0.1 recorded. Never changed: journals of a release must run with the code that made them. What a later release
// adds is recorded by scenarios of its own, in another file.
import type { Plan } from "@heddle/kernel";
import { planned, workflow, type Context, type Engine } from "heddle";

/** One value of each kind that is kept. */
export const values = {
  bigint: 2n ** 70n,
  date: new Date(86_400_000),
  map: new Map<unknown, unknown>([["set", new Set([1, -0, Number.NaN])]]),
  undefined: [undefined, null],
  bytes: new Uint8Array([0, 127, 255]),
  text: "lone \ud800, nul \0, é",
  error: new RangeError("inner", { cause: new TypeError("cause") }),
};

const echo = workflow("echo", async (_: Context, input: unknown) => input);
const patient = workflow("patient", async (ctx) => ctx.receive<string>("go", "go"));

const everything = workflow("everything", async (ctx, input: unknown) => {
  // Its input is recorded as a hash: an id that is made in another way is found.
  const uuid = await ctx.step("uuid", () => "made", { input: [ctx.uuid("id"), ctx.random("draw")] });
  const plain = await ctx.step("plain", () => values, { input: { sku: 1 }, compensate: () => {} });
  const items = await ctx.map("item", [1, 2, 3], (item) => item * 10, { concurrency: 2 });
  const both = await ctx.all("both", { left: (branch) => branch.step("l", () => "l"), right: (branch) => branch.sleep("r", 5) });
  const first = await ctx.race("first", { fast: (branch) => branch.sleep("fast", 5), slow: (branch) => branch.receive("slow", "never") });
  const child = await ctx.call("child", echo, values);
  const failed = await ctx
    .step("fails", () => Promise.reject(new TypeError("as told", { cause: "why" })))
    .catch((error: Error) => error.message);
  await ctx.emit("said", "word", values);
  const early = await ctx.receive("early", "early");
  const late = await ctx.receive<string>("late", "late", { timeout: "400d" });
  return { input, uuid, plain, items, both, winner: first.winner, child, failed, early, late };
});

const asking = workflow("asking", async (ctx) => (await ctx.ask("ship", { kind: "approval", prompt: "Ship it?" })).approved);
const sleeping = workflow("sleeping", async (ctx) => {
  await ctx.sleep("nap", "30m");
  return ctx.step("after", ({ attempt }) => attempt);
});
const retrying = workflow("retrying", async (ctx) =>
  ctx.step(
    "flaky",
    ({ attempt, idempotencyKey }) => {
      if (attempt < 4) throw new Error(idempotencyKey);
      return idempotencyKey;
    },
    { retry: { attempts: 4, initialMs: 180_000, factor: 2, jitter: "none" }, totalTimeout: "10d" },
  ),
);
const parent = workflow("parent", async (ctx) => {
  await ctx.start("beside", patient, undefined, { close: "detach" });
  return ctx.call("child", patient, undefined);
});
const counting = workflow("counting", async (ctx, input: { readonly from: number; readonly sum: number }): Promise<unknown> => {
  let { sum } = input;
  for (let index = 0; index < 500; index++) sum += await ctx.step(`s${index}`, () => index % 2);
  if (input.from < 2) return ctx.continueAs({ from: input.from + 1, sum });
  return [sum, await ctx.receive("go", "go"), ctx.random("draw") < 1];
});
const undoing = workflow("undoing", async (ctx) => {
  for (const key of ["a", "b"]) await ctx.step(key, () => key, { compensate: () => {} });
  await ctx.receive("go", "go");
  throw new Error("as told");
});
/** Killed in its second step while it is recorded. */
const once = workflow("once", async (ctx, hang: { readonly now: boolean }) => {
  await ctx.step("before", () => 1);
  return ctx
    .step("once", () => (hang.now ? new Promise<never>(() => {}) : "again"), { effect: "at-most-once" })
    .catch((error: { code?: string }) => error.code);
});

const plan: Plan = {
  heddle: 1,
  name: "planned",
  discipline: "eager",
  channels: { log: { kind: "append" }, total: { kind: "sum" }, best: { kind: "fold", reducer: { use: "max" } } },
  tasks: {
    split: { does: { use: "split" }, when: [{ id: "split.start", after: [], join: "all", untaken: "wait" }] },
    part: { does: { use: "part" }, when: [], writes: ["log", "total", "best"] },
    gate: { does: { use: "wait" }, when: [{ id: "gate.parts", after: [{ from: "part", on: "drained" }], join: "all", untaken: "wait" }] },
    pair: {
      does: { group: ["left", "right"], policy: { use: "first" } },
      when: [{ id: "pair.gate", after: [{ from: "gate", on: "ok" }], join: "all", untaken: "wait" }],
    },
    left: { does: { use: "name" }, when: [{ id: "left.start", after: [], join: "all", untaken: "wait" }] },
    right: { does: { use: "fail" }, when: [{ id: "right.start", after: [], join: "all", untaken: "wait" }] },
  },
  output: { channels: ["log", "total", "best"] },
};
const net = planned(plan, {
  tasks: {
    split: (_, ctx) => ctx.verbs.spawn("part", [3, 1, 2]),
    part: async (item, ctx) => {
      ctx.verbs.write("log", `part ${String(item)}`);
      ctx.verbs.write("total", item);
      ctx.verbs.write("best", item);
      return ctx.step("work", () => Number(item) * 2);
    },
    wait: (_, ctx) => ctx.receive("go", "go"),
    name: () => "left",
    fail: () => {
      throw new Error("as told");
    },
  },
  policies: {
    first: (members) =>
      members.find(({ outcome }) => outcome.status === "completed")?.outcome ?? {
        status: "failed",
        error: { name: "Error", message: "none" },
      },
  },
  reducers: { max: (current, written) => Math.max((current as number | undefined) ?? 0, written as number) },
});

export const workflows = [echo, patient, everything, asking, sleeping, retrying, parent, counting, undoing, once, net];

/** What is begun when the journals are recorded; all of it comes to rest before they are kept. */
export async function begin(engine: Engine): Promise<void> {
  await engine.start(everything, values, { id: "everything", tags: { team: "a", "kind of": "all" } });
  await engine.signal("everything", "early", values, { id: "early" });
  await engine.start(asking, undefined, { id: "asking" });
  await engine.start(sleeping, undefined, { id: "sleeping", idempotencyKey: "sleep-once" });
  await engine.start(retrying, undefined, { id: "retrying" });
  await engine.start(parent, undefined, { id: "parent" });
  await engine.start(counting, { from: 0, sum: 0 }, { id: "counting" });
  await engine.start(undoing, undefined, { id: "undoing" });
  await engine.start(net, null, { id: "net" });
  await engine.start(patient, undefined, { id: "delayed", delay: "1470m" });
  await engine.signal("delayed", "go", "kept");
  await engine.start(patient, undefined, { id: "to-cancel" });
  await engine.start(patient, undefined, { id: "cancelled" });
  await engine.cancel("cancelled", "enough");
  await (await engine.start(echo, values, { id: "completed" })).result();
  await engine.start(undoing, undefined, { id: "failed" });
  await engine.signal("failed", "go");
}

/** Go on with all of it, as another release does. Returns what came of each. */
export async function finish(engine: Engine): Promise<Record<string, unknown>> {
  await engine.signal("everything", "late", "at last");
  await engine.answer("asking", "ship", { approved: true });
  for (const id of ["parent.child", "parent.beside", "counting", "undoing", "net"]) await engine.signal(id, "go", `for ${id}`);
  await engine.cancel("to-cancel", "enough");
  const again = await engine.start(sleeping, undefined, { idempotencyKey: "sleep-once" });
  const ids = [
    "everything",
    "asking",
    "sleeping",
    "retrying",
    "parent",
    "parent.beside",
    "counting",
    "undoing",
    "net",
    "delayed",
    "to-cancel",
    "cancelled",
    "completed",
    "failed",
    "once",
  ];
  const ends = await Promise.all(
    ids.map(async (id) => [id, await (await engine.get(id)).result().catch((error: { code?: string }) => error.code)] as const),
  );
  const tried = await Array.fromAsync((await engine.get("retrying")).events({ live: false }));
  const keys = tried.flatMap((event) => (event.type === "op-retried" ? [event.error.message] : []));
  const results = Object.fromEntries(ends);
  const { retrying: key, ...others } = results;
  return { ...others, retrying: keys.map((each) => each === key), again: again.id };
}

export const finished: Readonly<Record<string, unknown>> = {
  everything: {
    input: values,
    uuid: "made",
    plain: values,
    items: [10, 20, 30],
    both: { left: "l", right: undefined },
    winner: "fast",
    child: values,
    failed: "as told",
    early: values,
    late: "at last",
  },
  asking: true,
  sleeping: 1,
  /** Each attempt had the same idempotency key. */
  retrying: [true, true, true],
  parent: "for parent.child",
  "parent.beside": "for parent.beside",
  counting: [750, "for counting", true],
  undoing: "RUN_FAILED",
  net: { log: ["part 3", "part 1", "part 2"], total: 6, best: 3 },
  delayed: "kept",
  "to-cancel": "RUN_CANCELLED",
  cancelled: "RUN_CANCELLED",
  completed: values,
  failed: "RUN_FAILED",
  once: "STEP_OUTCOME_UNKNOWN",
  again: "sleeping",
};
