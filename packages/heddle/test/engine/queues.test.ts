import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testing";
import { workflow, type Engine, type EngineOptions, type Workflow } from "heddle";
import { deferred, places, untilStatus, type Place } from "./engines.ts";

/** A workflow that tells where it ran. Each engine has code of its own, as each process would. */
function where(name: string, options: Parameters<typeof workflow>[2] = {}): (engine: string) => Workflow<unknown, unknown> {
  return (engine) => workflow(name, (ctx) => ctx.step("where", () => engine), options);
}

async function openNamed(
  at: Place,
  node: string,
  code: readonly ((engine: string) => Workflow<unknown, unknown>)[],
  options: EngineOptions & { readonly clock?: FakeClock } = {},
): Promise<Engine> {
  return at.open({ node, workflows: code.map((make) => make(node)), ...options });
}

const result = async (engine: Engine, runId: string): Promise<unknown> => (await engine.get(runId)).result();

for (const { name, make } of places) {
  test(`a run is taken up by a node that serves its queue, and by no other, on ${name}`, async () => {
    using at = make();
    const job = where("job");
    await using here = await openNamed(at, "here", [job]);
    await using gpu = await openNamed(at, "gpu", [job], { queues: ["gpu", "spare"] });

    const runs = await Promise.all(
      [{}, { queue: "gpu" }, { queue: "spare" }, { queue: "default" }].map((options) => here.start("job", undefined, options)),
    );
    assert.deepEqual(await Promise.all(runs.map((run) => run.result())), ["here", "gpu", "gpu", "here"]);
    assert.equal((await gpu.list()).filter(({ queue }) => queue === "gpu").length, 1);
    assert.equal(await (await gpu.start("job", undefined, {})).result(), "here", "the queue of its starter does not count");
  });

  test(`a workflow's queue and placement hold for its runs, unless a start says otherwise, on ${name}`, async () => {
    using at = make();
    const job = where("job", { queue: "gpu", placement: { gpus: 2 } });
    await using here = await openNamed(at, "here", [job]);
    await using one = await openNamed(at, "one", [job], { queues: ["gpu"], capabilities: { gpus: 1 } });
    await using two = await openNamed(at, "two", [job], { queues: ["gpu"], capabilities: { gpus: 2 } });

    assert.equal(await (await here.start("job")).result(), "two");
    assert.equal(await (await here.start("job", undefined, { placement: { gpus: { max: 1 } } })).result(), "one");
    assert.equal(await (await here.start("job", undefined, { queue: "default", placement: {} })).result(), "here");
    assert.deepEqual(
      (await two.list()).map(({ placement }) => placement).filter((placement) => placement !== undefined),
      [{ gpus: { max: 1 } }, { gpus: { min: 2 } }],
    );
    assert.match(one.node, /^one#/);
  });

  test(`a call runs on the queue that it names, and its result comes back, on ${name}`, async () => {
    using at = make();
    const render = where("render");
    const parent = (engine: string) =>
      workflow("parent", async (ctx) => {
        const called = await ctx.call("far", { name: "render" } as Workflow<unknown, string>, undefined, { queue: "gpu" });
        const started = await ctx.start("more", render(engine), undefined, { queue: "gpu", close: "detach" });
        return [engine, called, started, await ctx.call("near", render(engine), undefined)];
      });
    await using here = await openNamed(at, "here", [parent]);
    await using _ = await openNamed(at, "gpu", [render], { queues: ["gpu"] });

    const run = await here.start("parent", undefined, { id: "p" });
    assert.deepEqual(await run.result(), ["here", "gpu", "p.more", "here"]);
    assert.equal(await result(here, "p.more"), "gpu");
  });

  test(`a start that no known node could ever take is refused with each one's reason, and leaves nothing behind, on ${name}`, async () => {
    using at = make();
    const job = where("job");
    await using here = await openNamed(at, "here", [job]);
    await using _ = await openNamed(at, "gpu", [job], { queues: ["gpu"], capabilities: { gpus: 1 } });

    await assert.rejects(here.start("job", undefined, { queue: "nobody" }), {
      code: "PLACEMENT_IMPOSSIBLE",
      message: /^No node serves queue "nobody", so no run of "job" can run there: start one with heddle worker FILE --queue nobody/,
      data: { queue: "nobody", placement: null, nodes: { gpu: 'serves "gpu", not "nobody"', here: 'serves "default", not "nobody"' } },
    });
    await assert.rejects(here.start("job", undefined, { queue: "gpu", placement: { gpus: 2 } }), {
      code: "PLACEMENT_IMPOSSIBLE",
      message: /^No node that serves queue "gpu" can take a run of "job": gpu has 1 GPUs, and at least 2 are needed\./,
    });
    await assert.rejects(here.start("job", undefined, { placement: { cpus: -1 } }), { code: "OPTION_INVALID" });
    await assert.rejects(here.start("job", undefined, { queue: "no queue" }), { code: "OPTION_INVALID" });
    assert.deepEqual(await here.list(), []);
  });

  test(`a call that no known node could ever take fails as it is recorded, also when one could later, on ${name}`, async () => {
    using at = make();
    const render = where("render");
    const parent = (again: Promise<void> | null) => () =>
      workflow("parent", async (ctx) => {
        const codes: unknown[] = [];
        for (const [key, verb] of [
          ["call", ctx.call.bind(ctx)],
          ["start", ctx.start.bind(ctx)],
        ] as const)
          await verb(key, render("here"), undefined, { queue: "gpu" }).catch((error: { code?: string }) => codes.push(error.code));
        await ctx.step("wait", () => again ?? undefined);
        return codes;
      });
    const first = await openNamed(at, "first", [parent(new Promise(() => {}))], { drainMs: 0 });
    await first.start("parent", undefined, { id: "p" });
    await untilOperation(first, "p", "start");
    await first.close();

    await using _ = await openNamed(at, "gpu", [render], { queues: ["gpu"] });
    await using here = await openNamed(at, "here", [parent(null)]);
    assert.deepEqual(await result(here, "p"), ["PLACEMENT_IMPOSSIBLE", "PLACEMENT_IMPOSSIBLE"]);
    assert.deepEqual(
      (await here.list()).map(({ runId }) => runId),
      ["p"],
    );
  });

  test(`a node owns no more runs of a kind than they allow, and takes the next when one ends or is parked, on ${name}`, async () => {
    using at = make();
    const gates = ["1", "2", "3"].map(() => deferred());
    const began: string[] = [];
    const steps = ["0", "1", "2"].map(() => deferred());
    const job = () =>
      workflow("job", async (ctx, index: number) => {
        await ctx.step("work", () => {
          began.push(`run ${index}`);
          steps[index]?.resolve();
          return gates[index]?.promise;
        });
        if (index === 0) await ctx.receive("go", "go");
      }) as Workflow<unknown, unknown>;
    await using here = await openNamed(at, "here", [job]);
    for (const index of [0, 1, 2]) await here.start("job", index, { id: `run-${index}`, placement: { maxPerNode: 1 }, priority: -index });

    await steps[0]?.promise;
    gates[0]?.resolve();
    await untilStatus(here, "run-0", "waiting");
    await steps[1]?.promise;
    assert.equal((await (await here.get("run-2")).summary()).status, "queued");
    gates[1]?.resolve();
    await steps[2]?.promise;
    assert.deepEqual(began, ["run 0", "run 1", "run 2"]);
    gates[2]?.resolve();
    await result(here, "run-2");
    await here.signal("run-0", "go");
    await result(here, "run-0");
  });

  test(`a fork and a retry stay on the queue of their run, on ${name}`, async () => {
    using at = make();
    let fails = true;
    const job = (engine: string) =>
      workflow("job", (ctx) =>
        ctx.step("where", () => {
          if (fails) throw new Error("once");
          return engine;
        }),
      );
    await using here = await openNamed(at, "here", [job]);
    await using _ = await openNamed(at, "gpu", [job], { queues: ["gpu"], capabilities: { gpus: 1 } });
    const run = await here.start("job", undefined, { id: "r", queue: "gpu", placement: { gpus: 1 } });
    await assert.rejects(run.result());

    fails = false;
    assert.equal(await (await here.retry("r", { id: "again" })).result(), "gpu");
    assert.equal(await (await here.fork("r", { at: 1, id: "forked" })).result(), "gpu");
  });

  test(`nodes tell what they serve, offer and run, and which have left, on ${name}`, async () => {
    using at = make();
    const gate = deferred();
    const job = () => workflow("job", (ctx) => ctx.step("work", () => gate.promise), { version: "2" });
    await using here = await openNamed(at, "here", [], { concurrency: 7 });
    const offered = { gpus: 1, executors: ["docker"], labels: { zone: "a" } };
    const gpu = await openNamed(at, "gpu", [job], { queues: ["gpu", "mail"], capabilities: offered });
    await gpu.start("job", undefined, { id: "r", queue: "gpu" });
    await untilStatus(here, "r", "running");

    const shown = async () =>
      (await here.nodes()).map(({ name, status, queues, capabilities, workflows, concurrency, runs }) => [
        ...[name, status, queues.join()],
        ...[capabilities, workflows.join(), concurrency, runs],
      ]);
    assert.deepEqual(await shown(), [
      ["gpu", "live", "gpu,mail", offered, "job,job@2", 1_000, 1],
      ["here", "live", "default", {}, "", 7, 0],
    ]);
    gate.resolve();
    await result(here, "r");
    await gpu.close();
    assert.deepEqual(
      (await shown()).map(([node, status]) => [node, status]),
      [
        ["here", "live"],
        ["gpu", "left"],
      ],
    );
    await using passive = await at.open({ passive: true });
    assert.equal((await passive.nodes()).length, 2, "one that runs nothing is no node");
    assert.equal((await passive.start(job(), undefined, { queue: "gpu" })).workflow, "job", "a node that left may come back");
  });

  test(`a run whose queue nobody serves any more says so, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    const job = where("job");
    {
      await using _ = await openNamed(at, "gpu", [job], { queues: ["gpu"], clock });
      await using passive = await at.open({ passive: true, clock, workflows: [job("passive")] });
      await passive.start("job", undefined, { id: "later", queue: "gpu", delay: 60_000 });
    }
    {
      await using here = await openNamed(at, "here", [job], { clock });
      // Looked for at the beginning, and every minute in stores that others open too.
      await clock.advance(300_000);
      if (name !== "memory") {
        const { status, note = "" } = await (await here.get("later")).summary();
        assert.equal(status, "queued");
        assert.match(note, /^Nobody takes it up: No node serves queue "gpu"/);
      }
    }
    await using gpu = await openNamed(at, "gpu", [job], { queues: ["gpu"], clock });
    assert.equal(await clock.runUntil(result(gpu, "later")), "gpu");
  });
}

async function untilOperation(engine: Engine, runId: string, key: string): Promise<void> {
  for await (const event of (await engine.get(runId)).events()) if (event.type === "op-ended" && event.key === key) return;
}

test("queues and capabilities that cannot be meant are refused when the engine is opened", async () => {
  using at = places[0]!.make();
  await assert.rejects(at.open({ queues: [] }), {
    code: "OPTION_INVALID",
    message: /^queues is \[\]: it must be a list of at least one name/,
  });
  await assert.rejects(at.open({ queues: ["a", "b c"] }), { code: "OPTION_INVALID", message: /^queues\[1\] is "b c"/ });
  await assert.rejects(at.open({ capabilities: { gpus: -1 } }), { code: "OPTION_INVALID", message: /^capabilities\.gpus is -1/ });
  const wrong = workflow("wrong", async () => 1, { queue: "" });
  await assert.rejects(at.open({ workflows: [wrong] }), { code: "OPTION_INVALID", message: /^the queue of workflow "wrong" is ""/ });
});
