import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunStore } from "@heddle/kernel";
import { HeddleError, workflow, type Context, type RunHandle } from "heddle";
import { journalFaults } from "@heddle/testing";
import { FakePlace } from "./fake-place.ts";
import { HeldCommit } from "./held-commit.ts";

/** `nudge`: something that nobody waits for. */
type Arrival = "signal" | "timer" | "child" | "nudge";
const orders: readonly (readonly Arrival[])[] = [
  ["signal", "timer", "child"],
  ["signal", "child", "timer"],
  ["timer", "signal", "child"],
  ["timer", "child", "signal"],
  ["child", "signal", "timer"],
  ["child", "timer", "signal"],
  ["timer", "nudge"],
  ["nudge", "timer"],
];
const won: string[] = [];

for (const when of ["before", "after"] as const) {
  for (const order of orders) {
    test(`case 38: ${order.join(", ")} come while the run is parked, ${when} the store has it: the first in the journal wins, on every replay`, async () => {
      await using place = new FakePlace();
      const winners: string[] = [];
      const child = workflow("child", (ctx) => ctx.receive("go", "go"));
      const parent = workflow("parent", async (ctx) => {
        const { winner } = await ctx.race("first", {
          signal: (branch) => branch.receive("signal", "word"),
          timer: (branch) => branch.sleep("timer", 5_000),
          child: (branch) => branch.call("child", child, undefined, { id: "kid" }),
        });
        winners.push(winner);
        const left = await ctx.receive("left", "word", { timeout: 20_000 });
        await ctx.receive("end", "end");
        return { winner, left };
      });
      using held = new HeldCommit(when);
      // While its commits are held it has no place for another run: the child goes on elsewhere.
      const engine = await place.open({ workflows: [parent], hotFrames: 0, concurrency: 1 }, held.wrap);
      const other = await place.open({ workflows: [child] });
      const run = await engine.start(parent, undefined, { id: "p" });
      for (const id of ["p", "kid"]) await place.untilStatus(id, "waiting");
      // Something that it does not wait for wakes it. It is held on its way back to rest.
      const parks = held.hold(({ parts = [] }) => parts.some(({ runId, release }) => runId === "p" && release !== undefined));
      await other.signal("p", "nudge");
      await place.clock.runUntil(parks, 1_000);
      const arrive = {
        signal: () => other.signal("p", "word", "hello"),
        timer: () => place.clock.advance(6_000),
        nudge: () => other.signal("p", "nudge"),
        async child() {
          await other.signal("kid", "go");
          await place.untilStatus("kid", "completed");
        },
      };
      for (const arrival of order) await arrive[arrival]();
      held.letGo();
      // Mail needs no time to be seen; a timer that passed meanwhile may need the next look at the store.
      if (!order.includes("signal")) await place.clock.advance(2_000);
      await place.until(() => winners.length > 0, "the race is over");
      await place.clock.advance(30_000);
      await other.signal("p", "end");
      const result = await place.clock.runUntil(run.result());

      const journal = await place.journal("p");
      const decision = journal.find(
        ({ event }) => event.type === "op-ended" && event.key.startsWith("first/") && event.outcome.status !== "cancelled",
      );
      const winner = decision?.event.type === "op-ended" ? decision.event.key.split("/")[1] : undefined;
      assert.deepEqual(result, { winner, left: winner === "signal" || !order.includes("signal") ? undefined : "hello" });
      assert.deepEqual(journalFaults(journal), []);
      assert.ok(winners.length >= 2, "it was rebuilt");
      for (let at = decision?.seq ?? 0; at < journal.length; at++) {
        const before = journal.slice(0, at).map(({ event }) => event);
        const came = before.some((event) =>
          event.type === "signal-received"
            ? event.name === "word"
            : event.type === "op-ended" && event.signal !== undefined && event.key !== "end",
        );
        const fork = await engine.fork("p", { at });
        await other.signal(fork.id, "end");
        const again = await place.clock.runUntil(fork.result());
        assert.deepEqual(again, { winner, left: winner !== "signal" && came ? "hello" : undefined }, `replayed from event ${at}`);
      }
      assert.deepEqual([...new Set(winners)], [winner]);
      won.push(winner ?? "");
    });
  }
}

test("case 38: each of the three has won", () => {
  assert.deepEqual([...new Set(won)].toSorted(), ["child", "signal", "timer"]);
});

/** A parked race between a child and a signal; its mailbox holds the child's end, and then these words. `after`: what the function does then. */
async function lostRace(
  place: FakePlace,
  words: readonly string[],
  after: (ctx: Context, segment: number, race: () => Promise<unknown>) => Promise<unknown>,
): Promise<RunHandle> {
  const child = workflow("child", (ctx) => ctx.receive("go", "go"));
  const parent = workflow("parent", (ctx, segment: number) =>
    after(ctx, segment, () =>
      ctx.race("race", {
        child: (branch) => branch.call("child", child, undefined, { id: "kid" }),
        signal: (branch) => branch.receive("signal", "word"),
      }),
    ),
  );
  const first = await place.open({ workflows: [parent] });
  const other = await place.open({ workflows: [child] });
  await first.start(parent, 1, { id: "p" });
  for (const id of ["p", "kid"]) await place.untilStatus(id, "waiting");
  await place.close(first);
  await other.signal("kid", "go");
  await place.untilStatus("kid", "completed");
  for (const word of words) await other.signal("p", "word", word);
  return (await place.open({ workflows: [parent], hotFrames: 0 })).get("p");
}

for (const pause of [0, 120_000]) {
  test(`case 39: a signal that a wait took as it lost its race is there for the next wait${pause === 0 ? "" : ", also after a replay"}, once, and before what came later`, async () => {
    await using place = new FakePlace();
    const run = await lostRace(place, ["first", "second"], async (ctx, _, race) => {
      await race();
      if (pause > 0) await ctx.sleep("a while", pause);
      const words = [await ctx.receive("one", "word"), await ctx.receive("two", "word")];
      await ctx.sleep("another while", 120_000);
      return [...words, await ctx.receive("three", "word", { timeout: 1 })];
    });

    assert.deepEqual(await place.clock.runUntil(run.result(), 5 * 60_000), ["first", "second", undefined]);
  });
}

test("case 39: a signal that a wait took as it lost its race reaches a wait that was there already", async () => {
  await using place = new FakePlace();
  const run = await lostRace(place, ["only"], async (ctx, _, race) => {
    const raced = race();
    await ctx.step("later", () => {});
    return (await Promise.all([raced, ctx.receive("beside", "word")]))[1];
  });

  assert.equal(await place.clock.runUntil(run.result(), 60_000), "only");
});

test("case 39: a signal that a wait took as it lost its race reaches the next segment", async () => {
  await using place = new FakePlace();
  const run = await lostRace(place, ["only"], async (ctx, segment, race) => {
    if (segment === 1) {
      await race();
      return ctx.continueAs(2);
    }
    await ctx.sleep("a while", "2m");
    return ctx.receive("one", "word");
  });

  assert.equal(await place.clock.runUntil(run.result(), 5 * 60_000), "only");
});

test("case 38: what another process sends while the run is being parked is read at once, although nobody says so", async () => {
  await using place = new FakePlace();
  const job = workflow("job", (ctx) => ctx.receive<string>("word", "word"));
  const commit = new HeldCommit("before");
  const reached = commit.hold(({ parts = [] }) => parts.some(({ release }) => release?.status === "waiting"));
  let commits = 0;
  const deaf = (store: RunStore): RunStore =>
    new Proxy(store, {
      get(target, name): unknown {
        if (name === "watch") return () => ({ [Symbol.dispose]: () => {} });
        // Who does not read would ask to park for ever.
        if (name === "commit" && ++commits > 20) throw new HeddleError("STORE_FAILED", "It is asked again and again.");
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const engine = await place.open({ workflows: [job] }, (store) => commit.wrap(deaf(store)));
  const other = await place.open({ workflows: [job], passive: true });
  const run = await engine.start(job, undefined, { id: "r" });
  await place.clock.runUntil(reached);
  await other.signal("r", "word", "from elsewhere");
  commit.letGo();

  await place.untilStatus("r", "completed");
  assert.equal(await place.clock.runUntil(run.result()), "from elsewhere");
  assert.equal((await place.row("r")).epoch, 1, "it was never given up");
});

test("of parked runs as many stay in memory as hotFrames says, the last ones; the others are read anew", async () => {
  await using place = new FakePlace();
  const begun: string[] = [];
  const job = workflow("job", (ctx) => {
    begun.push(ctx.runId);
    return ctx.receive("word", "word");
  });
  const engine = await place.open({ workflows: [job], hotFrames: 2 });
  for (const id of ["a", "b", "c"]) {
    await engine.start(job, undefined, { id });
    await place.untilStatus(id, "waiting");
  }
  for (const id of ["c", "b", "a"]) {
    await engine.signal(id, "word");
    await place.clock.runUntil((await engine.get(id)).result());
  }

  assert.deepEqual(begun, ["a", "b", "c", "a"]);
});
