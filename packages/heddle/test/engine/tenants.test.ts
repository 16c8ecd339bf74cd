import assert from "node:assert/strict";
import { test } from "node:test";
import { workflow } from "heddle";
import { deferred, places, untilStatus } from "./engines.ts";

for (const { name, make } of places) {
  test(`a run's tenant is kept and shown, its children have it unless told otherwise, and so have forks and retries, on ${name}`, async () => {
    using at = make();
    const child = workflow("child", (ctx) => ctx.step("work", () => 1));
    const grandparent = workflow("grandparent", async (ctx, segment: number) => {
      await ctx.call("same", child, undefined, { id: `same-${segment}` });
      await ctx.call("other", child, undefined, { id: `other-${segment}`, tenant: "globex" });
      await ctx.start("started", child, undefined, { id: `started-${segment}`, close: "wait" });
      if (segment === 1) return ctx.continueAs(2);
      throw new Error("for a retry");
    });
    await using engine = await at.open({ workflows: [grandparent, child] });
    const run = await engine.start("grandparent", 1, { id: "p", tenant: "acme" });
    await assert.rejects(run.result());
    await engine.retry("p", { id: "again" });
    await engine.fork("p", { id: "forked", at: 1 });
    await engine.start("child", undefined, { id: "nobodys" });

    const tenants = new Map((await engine.list()).map(({ runId, tenant }) => [runId, tenant]));
    assert.deepEqual(
      ["p", "same-1", "other-1", "started-1", "same-2", "other-2", "started-2", "again", "forked", "nobodys"].map((runId) =>
        tenants.get(runId),
      ),
      ["acme", "acme", "globex", "acme", "acme", "globex", "acme", "acme", "acme", undefined],
    );
  });

  test(`children have the tenant of their parent after it was parked and taken up by another process, on ${name}`, async () => {
    using at = make();
    const child = workflow("child", () => Promise.resolve(1));
    const parent = workflow("parent", async (ctx) => {
      await ctx.receive("go", "go");
      return ctx.call("child", child, undefined, { id: "c" });
    });
    {
      await using first = await at.open({ workflows: [parent, child] });
      await first.start(parent, undefined, { id: "p", tenant: "acme" });
      await untilStatus(first, "p", "waiting");
    }
    await using second = await at.open({ workflows: [parent, child] });
    await second.signal("p", "go");

    assert.equal(await (await second.get("p")).result(), 1);
    assert.equal((await (await second.get("c")).summary()).tenant, "acme");
  });

  test(`case 63: the runs of one tenant that wait for room do not keep another's waiting, on ${name}`, async () => {
    using at = make();
    const gate = deferred();
    const began: string[] = [];
    const job = workflow("job", (ctx, mark: string) =>
      ctx.step("work", () => {
        began.push(mark);
        return gate.promise;
      }),
    );
    await using engine = await at.open({ workflows: [job], concurrency: 1 });
    const first = await engine.start(job, "big", { tenant: "big" });
    const runs = [first];
    for (let index = 0; index < 30; index++) runs.push(await engine.start(job, "big", { tenant: "big", priority: 5 }));
    for (let index = 0; index < 3; index++) runs.push(await engine.start(job, "small", { tenant: "small" }));

    gate.resolve();
    await Promise.all(runs.map((run) => run.result()));
    assert.equal(began.length, 34);
    assert.ok(began.lastIndexOf("small") <= 8, began.slice(0, 12).join(" "));
  });
}

test("a tenant that cannot be meant is refused, in a start and in a call", async () => {
  using at = places[0]!.make();
  const child = workflow("child", () => Promise.resolve(1));
  const parent = workflow("parent", async (ctx) => {
    try {
      return await ctx.call("child", child, undefined, { tenant: "" });
    } catch (error) {
      return [(error as { code?: string }).code, (error as Error).message];
    }
  });
  await using engine = await at.open({ workflows: [parent, child] });

  await assert.rejects(engine.start(parent, undefined, { tenant: "a b" }), {
    code: "OPTION_INVALID",
    message: /^tenant is "a b": it must be/,
  });
  const [code, message] = (await (await engine.start(parent, undefined)).result()) as [string, string];
  assert.equal(code, "OPTION_INVALID");
  assert.match(message, /^the tenant of call\("child"\) is ""/);
});
