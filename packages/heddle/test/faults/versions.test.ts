import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { workflow, type Context, type Engine, type Workflow } from "heddle";
import { untilStatus } from "../engine/engines.ts";
import { SqlitePlace } from "./sqlite-place.ts";

type Code = (ctx: Context) => Promise<unknown>;

const child = workflow("child", async (_: Context, input: { n: number }) => input.n);
const otherChild = workflow("other-child", async (_: Context, input: { n: number }) => -input.n);

/** What stands in the journal when the run is parked: two steps, a child, and a wait for "go". */
const recorded: Code = async (ctx) => {
  const price = await ctx.step("price", () => 5, { input: { sku: "a" } });
  const stock = await ctx.step("stock", () => 3);
  const n = await ctx.call("child", child, { n: 2 });
  const go = await ctx.receive<string>("go", "go");
  return [price, stock, n, go];
};

/** Code that a deployment brought meanwhile, what people are told of it, and what comes of the run when they accept it. */
const changes: readonly { readonly what: string; readonly code: Code; readonly told: RegExp; readonly accepted: unknown }[] = [
  {
    what: "a step removed",
    code: async (ctx) => {
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", child, { n: 2 });
      return [stock, n, await ctx.receive<string>("go", "go")];
    },
    told: /recorded +step "price"\ncode +does not ask for it; it asks for "stock"/,
    accepted: [3, 2, "now"],
  },
  {
    what: "a step renamed",
    code: async (ctx) => {
      const price = await ctx.step("cost", () => 50);
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", child, { n: 2 });
      return [price, stock, n, await ctx.receive<string>("go", "go")];
    },
    told: /recorded +step "price"\ncode +does not ask for it; it asks for "cost"/,
    accepted: [50, 3, 2, "now"],
  },
  {
    what: "steps reordered",
    code: async (ctx) => {
      const stock = await ctx.step("stock", () => 30);
      const price = await ctx.step("price", () => 50, { input: { sku: "a" } });
      const n = await ctx.call("child", child, { n: 2 });
      return [price, stock, n, await ctx.receive<string>("go", "go")];
    },
    told: /recorded +step "price"\ncode +does not ask for it; it asks for "stock"/,
    accepted: [5, 3, 2, "now"],
  },
  {
    what: "a step inserted",
    code: async (ctx) => {
      const price = await ctx.step("price", () => 50, { input: { sku: "a" } });
      const tax = await ctx.step("tax", () => 1);
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", child, { n: 2 });
      return [price, tax, stock, n, await ctx.receive<string>("go", "go")];
    },
    told: /recorded +step "stock"\ncode +does not ask for it; it asks for "tax"/,
    accepted: [5, 1, 3, 2, "now"],
  },
  {
    what: "the argument of a step changed",
    code: async (ctx) => {
      const price = await ctx.step("price", () => 50, { input: { sku: "b" } });
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", child, { n: 2 });
      return [price, stock, n, await ctx.receive<string>("go", "go")];
    },
    told: /recorded +step "price" with input hash [0-9a-f]+\ncode +step "price" with input hash [0-9a-f]+/,
    accepted: [5, 3, 2, "now"],
  },
  {
    what: "the argument of a child changed",
    code: async (ctx) => {
      const price = await ctx.step("price", () => 50, { input: { sku: "a" } });
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", child, { n: 20 });
      return [price, stock, n, await ctx.receive<string>("go", "go")];
    },
    told: /recorded +call "child" with input hash [0-9a-f]+\ncode +call "child" with input hash [0-9a-f]+/,
    accepted: [5, 3, 2, "now"],
  },
  {
    what: "another workflow called",
    code: async (ctx) => {
      const price = await ctx.step("price", () => 50, { input: { sku: "a" } });
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", otherChild, { n: 2 });
      return [price, stock, n, await ctx.receive<string>("go", "go")];
    },
    told: /recorded +call "child" of "child"\ncode +call "child" of "other-child"/,
    accepted: [5, 3, 2, "now"],
  },
  {
    what: "an operation of another kind",
    code: async (ctx) => {
      await ctx.sleep("price", 1);
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", child, { n: 2 });
      return [stock, n, await ctx.receive<string>("go", "go")];
    },
    told: /recorded +step "price"\ncode +sleep "price"/,
    accepted: [3, 2, "now"],
  },
  {
    what: "a wait for another signal",
    code: async (ctx) => {
      const price = await ctx.step("price", () => 50, { input: { sku: "a" } });
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", child, { n: 2 });
      return [price, stock, n, await ctx.receive<string>("go", "start")];
    },
    told: /recorded +receive "go" for signal "go"\ncode +receive "go" for signal "start"/,
    accepted: [5, 3, 2, "begin"],
  },
  {
    what: "a step in the place of a wait",
    code: async (ctx) => {
      const price = await ctx.step("price", () => 50, { input: { sku: "a" } });
      const stock = await ctx.step("stock", () => 30);
      const n = await ctx.call("child", child, { n: 2 });
      return [price, stock, n, await ctx.step("go", () => "at once")];
    },
    told: /recorded +receive "go"\ncode +step "go"/,
    accepted: [5, 3, 2, "at once"],
  },
  {
    what: "a function that returns before its wait",
    code: async (ctx) => {
      const price = await ctx.step("price", () => 50, { input: { sku: "a" } });
      const stock = await ctx.step("stock", () => 30);
      return [price, stock, await ctx.call("child", child, { n: 2 })];
    },
    told: /recorded +receive "go"\ncode +returned without asking for it/,
    accepted: [5, 3, 2],
  },
];

const named = (code: Code): Workflow<unknown, unknown> => workflow("job", async (ctx) => code(ctx));

/** A run that the recorded code has begun and that waits. */
async function begun(place: SqlitePlace): Promise<void> {
  await using engine = await place.open({ workflows: [named(recorded), child, otherChild] });
  await engine.start("job", undefined, { id: "r" });
  await untilStatus(engine, "r", "waiting");
}

const deploy = (place: SqlitePlace, code: Code): Promise<Engine> => place.open({ workflows: [named(code), child, otherChild] });

async function stirred(engine: Engine): Promise<string> {
  await engine.signal("r", "go", "now", { id: "go" });
  await engine.signal("r", "start", "begin", { id: "start" });
  await untilStatus(engine, "r", "paused");
  const { pause } = await (await engine.get("r")).state();
  assert.equal(pause?.code, "RUN_MISMATCH");
  return pause.difference?.join("\n") ?? "";
}

describe("case 54: code that changed while a run waits", () => {
  for (const { what, code, told, accepted } of changes) {
    test(`case 54: ${what} pauses the run with both sides of the difference, and the old code brings it back`, async () => {
      using place = new SqlitePlace();
      await begun(place);
      {
        await using engine = await deploy(place, code);
        const difference = await stirred(engine);
        assert.match(difference, told);
        assert.match(difference, /ways on .*heddle resume r.*--accept.*heddle fork/);
        // Resumed with the same code it pauses again, and nothing is lost.
        await engine.resume("r");
        await untilStatus(engine, "r", "paused");
      }
      await using engine = await deploy(place, recorded);
      await engine.resume("r");

      assert.deepEqual(await (await engine.get("r")).result(), [5, 3, 2, "now"]);
    });

    test(`case 54: ${what}, accepted as it is: what is recorded counts, what is new happens`, async () => {
      using place = new SqlitePlace();
      await begun(place);
      await using engine = await deploy(place, code);
      await stirred(engine);
      await engine.resume("r", { accept: true });

      assert.deepEqual(await place.clock.runUntil((await engine.get("r")).result(), 60_000), accepted);
    });
  }

  test("case 54: a fork from before the difference runs the new code; the paused run stays as it is", async () => {
    using place = new SqlitePlace();
    await begun(place);
    const inserted: Code = async (ctx) => {
      const price = await ctx.step("price", () => 50, { input: { sku: "a" } });
      return [price, await ctx.step("tax", () => 1), await ctx.step("stock", () => 30)];
    };
    await using engine = await deploy(place, inserted);
    await stirred(engine);
    const fork = await engine.fork("r", { at: 2 });

    assert.deepEqual(await fork.result(), [5, 1, 30]);
    assert.equal((await (await engine.get("r")).summary()).status, "paused");
  });

  test("case 54: accepted code goes on the same way after a restart", async () => {
    using place = new SqlitePlace();
    const before: Code = async (ctx) => {
      const items = await ctx.map("item", [1, 2, 3], (item) => item);
      await ctx.receive("go", "go");
      return items;
    };
    const after: Code = async (ctx) => {
      const tax = await ctx.step("tax", () => 7);
      const order: string[] = [];
      await Promise.all([
        ctx.step("fresh", () => "new").then(() => order.push("fresh")),
        ctx.map("item", [1, 2, 3], (item) => item * 100).then((items) => order.push(...items.map(String))),
      ]);
      // Which result came first is part of the key: on a replay it must come first again.
      await ctx.step(order.join(" "), () => null);
      await ctx.receive("stop", "stop");
      return [tax, ...order];
    };
    {
      await using engine = await deploy(place, before);
      await engine.start("job", undefined, { id: "r" });
      await untilStatus(engine, "r", "waiting");
    }
    {
      await using engine = await deploy(place, after);
      await engine.signal("r", "go");
      await untilStatus(engine, "r", "paused");
      await engine.resume("r", { accept: true });
      await untilStatus(engine, "r", "waiting");
    }
    await using engine = await deploy(place, after);
    await engine.signal("r", "stop");

    assert.deepEqual(await (await engine.get("r")).result(), [7, "1", "2", "3", "fresh"]);
  });

  test("case 54: operations after what is recorded are no difference", async () => {
    using place = new SqlitePlace();
    await begun(place);
    await using engine = await deploy(place, async (ctx) => [await recorded(ctx), await ctx.step("more", () => 1)]);
    await engine.signal("r", "go", "now");

    assert.deepEqual(await (await engine.get("r")).result(), [[5, 3, 2, "now"], 1]);
  });

  test("case 54: a changed question pauses the run; what was answered to the old one is not taken for an answer to the new one", async () => {
    using place = new SqlitePlace();
    const asking =
      (count: number): Code =>
      async (ctx) =>
        (await ctx.ask("ship", { kind: "approval", prompt: `Ship ${count}?` })).approved;
    {
      await using engine = await deploy(place, asking(1));
      await engine.start("job", undefined, { id: "r" });
      await untilStatus(engine, "r", "waiting");
      await engine.answer("r", "ship", { approved: true });
      await (await engine.get("r")).result();
      const again = await engine.fork("r", { at: 2, id: "s" });
      await untilStatus(engine, again.id, "waiting");
    }
    await using engine = await deploy(place, asking(100));
    await engine.answer("s", "ship", { approved: true });
    await untilStatus(engine, "s", "paused");

    assert.match((await (await engine.get("s")).state()).pause?.difference?.join("\n") ?? "", /Ship 1\?.*\n.*Ship 100\?/);
  });

  test("case 54: a renamed step whose earlier attempt failed pauses the run", async () => {
    using place = new SqlitePlace();
    const failing =
      (key: string): Code =>
      async (ctx) =>
        ctx.step(key, () => Promise.reject(new Error("down")), { retry: { attempts: 9, initialMs: 3_600_000, jitter: "none" } });
    {
      await using engine = await deploy(place, failing("charge"));
      await engine.start("job", undefined, { id: "r" });
      await untilStatus(engine, "r", "waiting");
    }
    await using engine = await deploy(place, failing("bill"));
    await place.clock.advance(3_600_000);
    await untilStatus(engine, "r", "paused");

    assert.match(
      (await (await engine.get("r")).state()).pause?.difference?.join("\n") ?? "",
      /recorded +step "charge" waits to be tried again\ncode +does not ask for it; it asks for "bill"/,
    );
  });
});
