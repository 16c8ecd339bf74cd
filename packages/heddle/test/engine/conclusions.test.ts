import assert from "node:assert/strict";
import { test } from "node:test";
import { hasCode, open, planned, type PlanCode } from "heddle";
import type { Plan } from "@heddle/kernel";

const plan: Plan = {
  heddle: 1,
  name: "concluded",
  discipline: "eager",
  tasks: {
    ask: { does: { use: "ask" }, when: [{ id: "start", after: [], join: "all", untaken: "wait" }] },
    yes: { does: { use: "pass" }, when: [{ id: "yes", after: [{ from: "ask", on: "ok", label: "yes" }], join: "all", untaken: "skip" }] },
  },
};
type Conclusions = NonNullable<PlanCode["conclusions"]>;

const pass = (input: unknown): unknown => input;

async function outputOf(code: Partial<PlanCode>): Promise<unknown> {
  await using engine = await open("memory:", { workflows: [planned(plan, { tasks: { ask: () => 1, pass }, ...code })] });
  return (await engine.start("concluded", 2)).result();
}

test("a task's conclusion is given its code's result and input; what it gives is the task's value, and its verbs count", async () => {
  for (const ask of [() => 1, async () => 1]) {
    const conclusions: Conclusions = {
      ask: {
        result: (value, input, { verbs }) => (verbs.take("yes"), [value, input]),
        error: (error) => error,
      },
    };
    assert.deepEqual(await outputOf({ tasks: { ask, pass }, conclusions }), { yes: [1, 2] });
  }
});

test("a conclusion may take its time, and what it or the code throws passes through its error", async () => {
  const conclusions = (result: () => Promise<unknown>): Conclusions => ({
    ask: { result, error: (error) => new Error(`concluded: ${(error as Error).message}`) },
  });
  const later = async (): Promise<unknown> => Promise.resolve("late");
  const broken = async (): Promise<unknown> => Promise.reject(new Error("broken"));
  assert.deepEqual(await outputOf({ tasks: { ask: () => 1, pass }, conclusions: conclusions(later) }), {});
  for (const [ask, conclude] of [
    [() => 1, broken],
    [broken, later],
  ] as const)
    await assert.rejects(
      outputOf({ tasks: { ask, pass }, conclusions: conclusions(conclude) }),
      (error) => hasCode(error, "RUN_FAILED") && /concluded: broken/.test((error as Error).message),
    );
});

test("what stands in for a task that failed has the same conclusion", async () => {
  const broken = (): never => {
    throw new Error("broken");
  };
  const conclusions: Conclusions = {
    ask: { result: (value, _, { verbs }) => (verbs.take("yes"), `${String(value)}, concluded`), error: (error) => error },
  };
  const output = await outputOf({ tasks: { ask: broken, pass }, rescues: { ask: () => "rescued" }, conclusions });
  assert.deepEqual(output, { yes: "rescued, concluded" });
});

test("in strict mode a conclusion is held to be deterministic, as the code before it", async () => {
  for (const ask of [() => 1, async () => 1]) {
    const code: PlanCode = { tasks: { ask, pass }, conclusions: { ask: { result: () => Date.now(), error: (error) => error } } };
    await using engine = await open("memory:", { workflows: [planned(plan, code)], strict: true });
    await assert.rejects((await engine.start("concluded", 2)).result(), (error) =>
      hasCode((error as Error).cause, "CODE_NOT_DETERMINISTIC"),
    );
  }
});
