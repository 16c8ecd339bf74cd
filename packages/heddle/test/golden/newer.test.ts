import assert from "node:assert/strict";
import { test } from "node:test";
import { workflow } from "heddle";
import { untilStatus } from "../engine/engines.ts";
import { SqlitePlace } from "../faults/sqlite-place.ts";

const job = workflow("job", async (ctx) => {
  await ctx.step("before", () => 1);
  return ctx.receive<string>("word", "word");
});

for (const [what, change, told] of [
  [
    "an event that this version does not know",
    (body: string) => body.replace('"op-ended"', '"op-dreamt"'),
    /type "op-dreamt", which this version does not know: a newer Heddle wrote it/,
  ],
  ["an operation that this version does not know", (body: string) => body.replace('"op":"step"', '"op":"leap"'), /recorded +leap "before"/],
] as const) {
  test(`case 57: a run in whose journal a newer version wrote ${what} is put aside with its reason; others go on, and so does it with the newer version`, async () => {
    using place = new SqlitePlace();
    {
      await using engine = await place.open({ workflows: [job] });
      for (const id of ["ahead", "other"]) {
        await engine.start(job, undefined, { id });
        await untilStatus(engine, id, "waiting");
      }
    }
    let original = "";
    place.respell("ahead", 2, (body) => {
      original = body;
      return change(body);
    });
    {
      await using engine = await place.open({ workflows: [job] });
      for (const id of ["ahead", "other"]) await engine.signal(id, "word", `for ${id}`);
      assert.equal(await (await engine.get("other")).result(), "for other");
      await untilStatus(engine, "ahead", "paused");
      const run = await engine.get("ahead");
      assert.match(`${(await run.summary()).note ?? ""} ${(await run.state()).pause?.difference?.join(" ") ?? ""}`, told);
    }
    place.respell("ahead", 2, () => original);
    await using engine = await place.open({ workflows: [job] });
    await engine.resume("ahead");

    assert.equal(await (await engine.get("ahead")).result(), "for ahead");
  });
}
