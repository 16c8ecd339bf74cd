import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { open, workflow } from "heddle";
import { FakeClock } from "@heddle/testing";
import { places, untilStatus } from "./engines.ts";

function place(): { readonly url: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "heddle-unclaimed-"));
  return { url: `sqlite:${join(folder, "heddle.db")}`, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

for (const { name, make } of places) {
  test(`a child needs no registration besides its parent's, on ${name}`, async () => {
    using at = make();
    const child = workflow("child", async (_, input: number) => input + 1);
    const parent = workflow("parent", async (ctx) => ctx.call("child", child, 1));
    await using engine = await at.open({ workflows: [parent] });

    assert.equal(await (await engine.start(parent, undefined)).result(), 2);
  });
}

test("a child that was left queued is taken up by a new process that knows only its parent", async () => {
  using at = place();
  const clock = new FakeClock();
  const code = (wait: Promise<void> | null) => {
    const child = workflow("child", async (ctx) => ctx.step("work", () => wait?.then(() => "never") ?? "done"));
    return workflow("parent", async (ctx) => ctx.call("child", child, undefined));
  };
  const hanging = code(new Promise(() => {}));
  const first = await open(at.url, { workflows: [hanging], drainMs: 0 });
  await first.start(hanging, undefined, { id: "p" });
  await untilStatus(first, "p", "waiting");
  await untilStatus(first, "p.child", "running");
  await first.close();

  const now = code(null);
  clock.jump(Date.now() - clock.nowMs());
  await using engine = await open(at.url, { workflows: [now], clock });
  assert.equal(await clock.runUntil((await engine.get("p")).result()), "done");
});

test("a parent that did not bring its child's code is not asked again in place of the next", async () => {
  using at = places.find(({ name }) => name === "sqlite")!.make();
  const clock = new FakeClock();
  const hangs = workflow("child", async (ctx) => ctx.step("work", () => new Promise<string>(() => {})), { version: "1" });
  const ends = workflow("child", async (ctx) => ctx.step("work", () => "done"), { version: "1" });
  const newer = workflow("child", async () => "of the newer one", { version: "2" });
  const parent = (name: string, child: typeof ends) => workflow(name, async (ctx) => ctx.call("child", child, undefined));
  const names = ["first", "second", "third"];
  const first = await at.open({ workflows: names.map((name) => parent(name, hangs)), drainMs: 0 });
  for (const name of names) {
    await first.start(name, undefined, { id: name });
    await untilStatus(first, name, "waiting");
    await untilStatus(first, `${name}.child`, "running");
  }
  await first.close();

  clock.jump(Date.now() - clock.nowMs());
  for (const old of names) {
    // The others were deployed anew with a newer child; only one of the three still has the code that its child began with.
    await using engine = await at.open({ workflows: names.map((name) => parent(name, name === old ? ends : newer)), clock });
    await clock.advance(240_000);
    assert.equal((await (await engine.get(old)).summary()).status, "completed", old);
  }
});

test("a queued run whose code no process has says so, and is taken up when one comes that has it", async () => {
  using at = places.find(({ name }) => name === "sqlite")!.make();
  const clock = new FakeClock();
  const gone = workflow("gone", async () => "done");
  {
    await using engine = await at.open({ workflows: [gone], clock });
    await engine.start(gone, undefined, { id: "r", delay: 60_000 });
  }
  {
    await using engine = await at.open({ workflows: [workflow("other", async () => 1)], clock });
    await clock.advance(300_000);
    const [run] = await engine.list();
    assert.equal(run?.status, "queued");
    assert.match(run.note ?? "", /no open process seems to have code for "gone"/);
  }
  await using engine = await at.open({ workflows: [gone], clock });
  assert.equal(await clock.runUntil((await engine.get("r")).result()), "done");
});

// What is in one process's memory is looked at once, when it begins.
for (const { name, make } of places.filter((each) => each.name !== "memory")) {
  test(`a run that nobody takes up says so, however many newer ones wait, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    const gone = workflow("gone", async () => "done");
    const later = workflow("later", async () => "done");
    await using starter = await at.open({ workflows: [gone, later], passive: true, clock });
    await starter.start(gone, undefined, { id: "old" });
    await Promise.all(Array.from({ length: 2_100 }, () => starter.start(later, undefined, { delay: "1d" })));
    const note = async (): Promise<string> => (await (await starter.get("old")).summary()).note ?? "";

    await using engine = await at.open({ workflows: [later], clock });
    for (let look = 0; look < 4 && (await note()) === ""; look++) await clock.advance(60_000);
    assert.match(await note(), /^Nobody takes it up: no open process seems to have code for "gone"/);
    assert.equal((await engine.list({ status: ["queued"], limit: 5_000 })).length, 2_101);
  });
}
