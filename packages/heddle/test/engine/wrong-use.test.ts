import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, workflow, type Context, type StartOptions } from "heddle";

/** What a function gets that calls `ctx` so: the error's code and message. Types forbid most of it; data from elsewhere has none. */
async function refused(call: (ctx: Context) => unknown): Promise<{ readonly code: unknown; readonly message: string }> {
  const wrong = workflow("wrong", async (ctx) => {
    try {
      return { code: null, message: `no error: ${String(await call(ctx))}` };
    } catch (error) {
      return { code: (error as { code?: unknown }).code, message: (error as Error).message };
    }
  });
  await using engine = await open("memory:", { workflows: [wrong] });
  const run = await engine.start(wrong, undefined);
  // A call that is taken and then waits for what cannot come would hang the test.
  for await (const event of run.events({ live: false })) {
    if (event.type === "op-opened") return { code: null, message: `waits for "${event.key}"` };
    if (event.type === "run-ended") break;
  }
  return run.result();
}

const none = undefined as never;

describe("an operation that could not be meant is refused where it is called, by its key", () => {
  const calls: Readonly<Record<string, readonly [call: (ctx: Context) => unknown, message: RegExp]>> = {
    "no attempts": [(ctx) => ctx.step("pay", () => 1, { retry: 0 }), /retry policy of step "pay".*attempts is 0.*1 or more/s],
    "attempts that are no number": [(ctx) => ctx.step("pay", () => 1, { retry: Number.NaN }), /attempts is NaN/],
    "a retry policy with a field misspelt": [
      (ctx) => ctx.step("pay", () => 1, { retry: { atempts: 3 } as never }),
      /"pay".*no field "atempts"/s,
    ],
    "an effect of another name": [(ctx) => ctx.step("pay", () => 1, { effect: "once" as never }), /effect of step "pay" is once/],
    "a timeout that is no duration": [(ctx) => ctx.step("pay", () => 1, { timeout: "soon" }), /timeout of step "pay" is "soon"/],
    "a heartbeat that is no duration": [(ctx) => ctx.step("pay", () => 1, { heartbeat: -1 }), /heartbeat of step "pay" is -1/],
    "a sleep that is no duration": [(ctx) => ctx.sleep("nap", "3 fortnights"), /duration of sleep "nap" is "3 fortnights"/],
    "a wait that is no duration": [(ctx) => ctx.receive("paid", "paid", { timeout: Number.NaN }), /timeout of receive "paid" is NaN/],
    "items that are no array": [(ctx) => ctx.map("each", new Set([1]) as never, () => 1), /map\("each"\) got no array/],
    "items that are missing": [(ctx) => ctx.map("each", none, () => 1), /map\("each"\) got no array/],
    "failure of another name": [(ctx) => ctx.map("each", [1], () => 1, { failure: "ignore" as never }), /map\("each"\) has failure ignore/],
    "retries of items": [(ctx) => ctx.map("each", [1], () => 1, { retry: -1 }), /"each".*attempts is -1/s],
    "a question of no kind": [(ctx) => ctx.ask("ok", { kind: "yesno", prompt: "?" } as never), /"ok".*kind is "yesno".*approval/s],
    "no question": [(ctx) => ctx.ask("ok", none), /"ok" cannot be put/],
    "a question without words": [(ctx) => ctx.ask("ok", { kind: "approval" } as never), /"ok".*prompt/s],
    "a choice of nothing": [(ctx) => ctx.ask("size", { kind: "choice", prompt: "?", choices: [] }), /"size".*at least one/s],
    "a form without a schema": [(ctx) => ctx.ask("form", { kind: "form", prompt: "?", schema: none }), /"form".*schema/s],
    "approvers that are no list": [
      (ctx) => ctx.ask("ok", { kind: "approval", prompt: "?", approvers: "ada" as never }),
      /"ok".*approvers are a list/s,
    ],
    "a question's timeout": [(ctx) => ctx.ask("ok", { kind: "text", prompt: "?", timeout: "x" }), /timeout of question "ok" is "x"/],
    "a child by its name": [(ctx) => ctx.call("child", "bill" as never, none), /call\("child"\) got no workflow/],
  };
  for (const [what, [call, message]] of Object.entries(calls)) {
    test(what, async () => {
      const error = await refused(call);

      assert.deepEqual([error.code, message.test(error.message)], ["OPTION_INVALID", true], error.message);
    });
  }

  test("a long key is not repeated in full", async () => {
    const { code, message } = await refused((ctx) => ctx.step("k".repeat(5_000), () => 1));

    assert.equal(code, "KEY_INVALID");
    assert.match(message, /^"k{60}"… \(5000 characters\) is no key/);
  });

  test("the item that failed a map is told by its key and its place", async () => {
    const stumble = (item: string): string => {
      if (item === "b") throw new Error("no price");
      return item;
    };
    const { code, message } = await refused((ctx) => ctx.map("price", ["a", "b", "c"], stumble, { id: (item) => item }));

    assert.equal(code, "MAP_FAILED");
    assert.match(message, /^Item "price\/b" of run \S+, number 2 of 3, failed: no price$/);
  });
});

describe("what could not be meant is refused before anything begins", () => {
  const fine = workflow("fine", () => Promise.resolve(1));
  const begin = async (options: Parameters<typeof open>[1], input?: unknown, start?: StartOptions): Promise<void> => {
    await using engine = await open("memory:", options);
    await engine.start(options?.workflows?.[0] ?? fine, input as never, start);
  };
  const calls: Readonly<Record<string, readonly [call: () => unknown, code: string, message: RegExp]>> = {
    "a name with a space": [() => workflow("my flow", () => Promise.resolve(1)), "OPTION_INVALID", /"my flow" cannot name a workflow/],
    "a workflow without a function": [() => workflow("flow", none), "OPTION_INVALID", /"flow" has no function/],
    "a workflow that is tried again less than once": [
      () => begin({ workflows: [workflow("flow", () => Promise.resolve(1), { retry: 0 })] }),
      "OPTION_INVALID",
      /retry of workflow "flow".*attempts is 0/s,
    ],
    "a workflow's timeout": [
      () => begin({ workflows: [workflow("flow", () => Promise.resolve(1), { timeout: "soon" })] }),
      "OPTION_INVALID",
      /timeout of workflow "flow" is "soon"/,
    ],
    "a workflow of which none may run": [
      () => begin({ workflows: [workflow("flow", () => Promise.resolve(1), { concurrency: { limit: 0, key: String } })] }),
      "OPTION_INVALID",
      /concurrency of workflow "flow" is 0/,
    ],
    "a priority that is too high": [
      () => begin({}, none, { priority: 1_001 }),
      "OPTION_INVALID",
      /priority is 1001: .* from -1000 to 1000/,
    ],
    "a priority that is too low": [
      () => begin({}, none, { priority: -1_001 }),
      "OPTION_INVALID",
      /priority is -1001: .* from -1000 to 1000/,
    ],
    "a priority between two": [() => begin({}, none, { priority: 0.5 }), "OPTION_INVALID", /priority is 0\.5: it must be a whole number/],
    "workflows that are no list": [() => begin({ workflows: fine as never }), "OPTION_INVALID", /workflows is no list/],
    "a workflow that an import in a circle has not made yet": [
      () => begin({ workflows: [fine, none] }),
      "OPTION_INVALID",
      /workflows\[1\] is undefined, as of an import/,
    ],
    "a function where its workflow is meant": [
      () => begin({ workflows: [(() => Promise.resolve(1)) as never] }),
      "OPTION_INVALID",
      /workflows\[0\] is a function/,
    ],
    "retention that is no duration": [() => begin({ retention: "for ever" }), "OPTION_INVALID", /Retention is "for ever"/],
    "no store": [() => open(none), "STORE_URL_INVALID", /store is missing.*sqlite:PATH/],
    "an input that cannot be kept": [
      () => begin({ workflows: [fine] }, { items: [() => 1] }),
      "VALUE_NOT_DURABLE",
      /^The input of "fine" cannot be kept: at \$\.items\[0\]/,
    ],
  };
  for (const [what, [call, code, message]] of Object.entries(calls)) {
    test(what, async () => {
      await assert.rejects(
        async () => void (await call()),
        (error: Error & { readonly code?: string }) => error.code === code && message.test(error.message),
      );
    });
  }
});
