import assert from "node:assert/strict";
import { test } from "node:test";
import { workflow, type Context, type Workflow } from "heddle";
import { FakePlace } from "./fake-place.ts";

/** Code whose last event before it ends, or before it goes on in a new segment, is followed by nothing but that. `did` notes effects. */
const codes: Record<string, (did: string[]) => Workflow<number, unknown>> = {
  "goes on in new segments": (did) =>
    workflow("job", async (ctx: Context, segment: number): Promise<unknown> => {
      await ctx.step("one", () => void did.push(`${segment}.one`));
      await ctx.step("two", () => void did.push(`${segment}.two`));
      return segment === 3 ? "end" : ctx.continueAs(segment + 1);
    }),
  "goes on in a new segment without waiting for what is beside": (did) =>
    workflow("job", async (ctx: Context, segment: number): Promise<unknown> => {
      const one = ctx.step("one", () => void did.push(`${segment}.one`));
      const beside = [
        ctx.sleep("asleep", "1h"),
        ctx.receive("unheard", "word"),
        ctx.step("beside", () => void did.push(`${segment}.beside`)),
        ctx.step("also", () => void did.push(`${segment}.also`)),
      ];
      void beside;
      await one;
      if (segment === 2) return "end";
      return ctx.continueAs(segment + 1);
    }),
  "returns without waiting for what is beside": (did) =>
    workflow("job", async (ctx: Context) => {
      const one = ctx.step("one", () => void did.push("1.one"));
      void ctx.step("beside", () => void did.push("1.beside"));
      await one;
      return "end";
    }),
};

for (const [what, make] of Object.entries(codes)) {
  test(`case 56: from every prefix of its journal, code that ${what} comes to the same end, and what is recorded does not happen again`, async () => {
    await using place = new FakePlace();
    const did: string[] = [];
    const job = make(did);
    const engine = await place.open({ workflows: [job], hotFrames: 0 });
    const run = await engine.start(job, 1, { id: "r" });
    assert.equal(await place.clock.runUntil(run.result(), 60_000), "end");
    const journal = await place.journal("r");
    const once = did.splice(0).toSorted();
    let segment = 1;
    const recorded = new Set<string>();
    for (const { seq, event } of journal.slice(0, -2)) {
      if (event.type === "segment-started") segment++;
      if (event.type === "op-ended" && event.op === "step") recorded.add(`${segment}.${event.key}`);
      const fork = await engine.fork("r", { at: seq, id: `f${seq}` });
      const result = await place.clock.runUntil(fork.result(), 60_000);

      assert.equal(result, "end", `from event ${seq}`);
      const again = did.splice(0);
      assert.deepEqual(
        again.filter((each) => recorded.has(each)),
        [],
        `from event ${seq}`,
      );
      assert.equal(new Set(again).size, again.length, `from event ${seq}`);
      for (const each of again) assert.ok(once.includes(each));
      if (what.includes("without waiting") && recorded.has(`${segment}.one`))
        assert.deepEqual(
          again.filter((each) => each.startsWith(`${segment}.`)),
          [],
          `from event ${seq}, nothing begins that nobody waits for`,
        );
    }
  });
}
