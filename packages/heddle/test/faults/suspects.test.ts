import assert from "node:assert/strict";
import { test } from "node:test";
import { workflow, type Context } from "heddle";
import { deferred, untilStatus } from "../engine/engines.ts";
import { SqlitePlace } from "./sqlite-place.ts";

test("case 7: what comes for a run while its code waits to be begun alone is given to it", async () => {
  using place = new SqlitePlace();
  const child = workflow("child", async (ctx: Context) => ctx.receive<number>("go", "go"));
  const parent = workflow("parent", async (ctx: Context) => {
    await ctx.receive("nudge", "nudge");
    const called = await ctx.call("child", child, undefined, { id: "kid" });
    return called + (await ctx.receive<number>("more", "more"));
  });
  const acting = deferred();
  const acted = deferred();
  let hang = false;
  const blocker = workflow("blocker", async (ctx: Context) => {
    await ctx.receive("nudge", "nudge");
    await ctx.step("act", async () => {
      if (!hang) return;
      acting.resolve();
      await acted.promise;
    });
  });
  const workflows = [child, parent, blocker];
  {
    await using engine = await place.open({ workflows });
    await engine.start(parent, undefined, { id: "p" });
    await engine.start(blocker, undefined, { id: "b", priority: 9 });
    await engine.signal("p", "nudge");
    await untilStatus(engine, "kid", "waiting");
    for (const id of ["p", "b"]) await untilStatus(engine, id, "waiting");
  }
  // As after as many deaths of their processes, without anything completed in between.
  place.sql("UPDATE heddle_run SET crashes = 6 WHERE id IN ('p', 'b')");
  hang = true;
  await using engine = await place.open({ workflows });
  await engine.signal("b", "nudge");
  await acting.promise;
  await engine.signal("p", "other");
  await untilStatus(engine, "p", "running");
  await engine.signal("kid", "go", 7);
  await engine.signal("p", "more", 5);
  await (await engine.get("kid")).result();
  for (let seen = false; !seen; ) {
    await place.clock.advance(0);
    seen = place.sql("SELECT 1 FROM heddle_run WHERE id = 'p' AND mail_seen < mail_seq").rows.length === 0;
  }
  acted.resolve();

  assert.equal(await place.clock.runUntil((await engine.get("p")).result(), 60_000), 12);
});
