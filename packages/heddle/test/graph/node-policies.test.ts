import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeClock } from "@heddle/testing";
import { append, command, graph, hasCode, START, sum, value, workflow } from "heddle";
import { places } from "../engine/engines.ts";

for (const { name, make } of places) {
  describe(`a node's policies on ${name}`, () => {
    test("dashflow 14: a node that takes too long is told by its signal and fails; what its total time allows is not exceeded by retries", async () => {
      const clock = new FakeClock();
      const told: string[] = [];
      const slow = graph("slow", { n: sum() })
        .node(
          "hang",
          (_, ctx) =>
            new Promise<undefined>((_, reject) => {
              ctx.signal.addEventListener("abort", () => {
                told.push((ctx.signal.reason as Error).name);
                reject(ctx.signal.reason as Error);
              });
            }),
          { timeout: "5m", totalTimeout: "8m", retry: { attempts: 5, initialMs: 0, jitter: "none" } },
        )
        .edge(START, "hang");
      using place = make();
      await using engine = await place.open({ workflows: [slow], clock });
      const run = await engine.start(slow, {});
      const beganMs = clock.nowMs();

      await assert.rejects(clock.runUntil(run.result()), (error: Error) => hasCode(error.cause, "TASK_TIMED_OUT"));
      assert.equal(told.length, 2);
      assert.equal(clock.nowMs() - beganMs, 8 * 60_000);
    });

    test("dashflow 14: the graph's time wins over a longer one of a node", async () => {
      const clock = new FakeClock();
      const slow = graph("slow", { n: sum() }, { timeout: "1m" })
        .node("hang", (_, ctx) => ctx.sleep("long", "1h").then(() => undefined), { timeout: "30m" })
        .edge(START, "hang");
      using place = make();
      await using engine = await place.open({ workflows: [slow], clock });
      const run = await engine.start(slow, {});

      await assert.rejects(clock.runUntil(run.result()), (error) => hasCode(error, "RUN_TIMED_OUT"));
    });

    test("dashflow 15: only errors that may be tried again are, with the policy's waits, and the attempts are in the events; the same in stream", async () => {
      for (const how of ["invoke", "stream"] as const) {
        const clock = new FakeClock();
        const at: number[] = [];
        const flaky = graph("flaky", { n: sum() })
          .node(
            "try",
            () => {
              at.push(clock.nowMs());
              if (at.length < 3) throw Object.assign(new Error("busy"), { code: "BUSY" });
              return { n: 1 };
            },
            { retry: { attempts: 3, initialMs: 1_000, factor: 10, jitter: "none", only: ["BUSY"] } },
          )
          .node(
            "final",
            () => {
              at.push(clock.nowMs());
              throw Object.assign(new Error("wrong"), { code: "WRONG" });
            },
            { retry: { attempts: 3, only: ["BUSY"] } },
          )
          .edge(START, "try")
          .edge("try", "final");
        using place = make();
        await using engine = await place.open({ workflows: [flaky], clock });
        const events: string[] = [];
        const ended =
          how === "invoke"
            ? flaky.invoke({}, { engine, id: "flaky" }).catch((error: Error) => (error.cause as Error).message)
            : (async () => {
                let last: string | undefined;
                for await (const item of flaky.stream({}, { engine, id: "flaky", mode: "events" })) {
                  if (item.mode === "events") events.push(item.event.type);
                  else last = item.error?.message;
                }
                return last;
              })();

        assert.equal(await clock.runUntil(ended), "wrong");
        assert.deepEqual(
          at.map((ms) => ms - (at[0] ?? 0)),
          [0, 1_000, 11_000, 11_000],
        );
        if (how === "stream") assert.equal(events.filter((type) => type === "task-retried").length, 2);
      }
    });

    test("what a node's onError returns counts as if the node had returned it, once its last attempt has failed", async () => {
      const seen: string[] = [];
      const rescued = graph("rescued", { log: append<string>(), n: value(7) })
        .node(
          "fail",
          async (_, ctx) => {
            await ctx.step("count", () => seen.push("step"));
            throw new Error(`attempt`);
          },
          {
            retry: { attempts: 2, initialMs: 0, jitter: "none" },
            onError: async (error, { n }, ctx) => {
              const kept = await ctx.step("kept", () => seen.push("kept"));
              return command({ update: { log: [`${error.message} with ${n}, ${kept}`] }, goto: "after" });
            },
            goto: ["after"],
          },
        )
        .node("after", () => ({ log: ["after"] }))
        .edge(START, "fail");
      using place = make();
      await using engine = await place.open({ workflows: [rescued] });

      const { state } = await rescued.invoke({}, { engine });

      assert.deepEqual(state.log, ["attempt with 7, 2", "after"]);
      assert.deepEqual(seen, ["step", "kept"]);
    });

    test("an onError that asks a person is taken up again where it was", async () => {
      const asked = graph("asked", { log: append<string>() })
        .node("fail", () => Promise.reject(new Error("no")), {
          onError: async (_, __, ctx) => ({ log: [(await ctx.ask("what", { kind: "text", prompt: "What now?" })).text ?? ""] }),
        })
        .edge(START, "fail");
      using place = make();
      {
        await using engine = await place.open({ workflows: [asked] });
        assert.equal((await asked.invoke({}, { engine, id: "asked" })).status, "waiting");
      }
      await using engine = await place.open({ workflows: [asked] });
      await engine.answer("asked", "fail/what", { text: "go on" });

      assert.deepEqual(await (await engine.get("asked")).result(), { log: ["go on"] });
    });

    test("a node that timed out is given over to its onError", async () => {
      const clock = new FakeClock();
      const slow = graph("slow", { log: append<string>() })
        .node("hang", (_, ctx) => ctx.sleep("long", "1h").then(() => ({ log: ["late"] })), {
          timeout: "1m",
          onError: async (error, _, ctx) => {
            await ctx.sleep("short", "1s");
            return { log: [hasCode(error, "TASK_TIMED_OUT") ? "gave up" : "other"] };
          },
        })
        .edge(START, "hang");
      using place = make();
      await using engine = await place.open({ workflows: [slow], clock });
      const run = await engine.start(slow, {});

      assert.deepEqual(await clock.runUntil(run.result()), { log: ["gave up"] });
    });

    test("what a node that timed out still comes to does not count while its onError is under way", async () => {
      const clock = new FakeClock();
      const late = Promise.withResolvers<void>();
      const slow = graph("slow", { log: append<string>() })
        .node("deaf", () => late.promise.then(() => ({ log: ["late"] })), {
          timeout: "1m",
          onError: async (_, __, ctx) => {
            late.resolve();
            await ctx.sleep("short", "1s");
            return { log: ["rescued"] };
          },
        })
        .edge(START, "deaf");
      using place = make();
      await using engine = await place.open({ workflows: [slow], clock });
      const run = await engine.start(slow, {});

      assert.deepEqual(await clock.runUntil(run.result()), { log: ["rescued"] });
    });

    test("dashflow 16: of a failed round the finished siblings are not run again by a retry", async () => {
      const ran: string[] = [];
      let broken = true;
      const fork = graph("fork", { log: append<string>() })
        .node("good", () => (ran.push("good"), { log: ["good"] }))
        .node("bad", async () => {
          ran.push("bad");
          // Its sibling has ended by then.
          await new Promise((resolve) => setImmediate(resolve));
          if (broken) throw new Error("broken");
          return { log: ["bad"] };
        })
        .node("join", () => (ran.push("join"), { log: ["join"] }))
        .edge(START, "good")
        .edge(START, "bad")
        .edge(["good", "bad"], "join");
      using place = make();
      await using engine = await place.open({ workflows: [fork] });
      const run = await engine.start(fork, {});
      await assert.rejects(run.result());
      broken = false;

      const again = await engine.retry(run.id);

      assert.deepEqual(await again.result(), { log: ["good", "bad", "join"] });
      assert.deepEqual(ran, ["good", "bad", "bad", "join"]);
    });

    test("a cached node is run once for one state until its time is over, and its result is recorded like any other", async () => {
      const clock = new FakeClock();
      let ran = 0;
      const cached = graph("cached", { question: value(""), answer: value(""), n: sum() })
        .node("ask", ({ question }) => ({ answer: `${question}!`, n: ++ran }), { cache: { ttl: "30s", key: ({ question }) => question } })
        .edge(START, "ask");
      using place = make();
      await using engine = await place.open({ workflows: [cached], clock });
      const answer = async (question: string) => (await clock.runUntil(cached.invoke({ question }, { engine }))).state.answer;

      assert.equal(await answer("a"), "a!");
      assert.equal(await answer("a"), "a!");
      assert.equal(ran, 1);
      assert.equal(await answer("b"), "b!");
      await clock.advance(30_000);
      assert.equal(await answer("a"), "a!");
      assert.equal(ran, 3);
    });

    test("a graph stands in a durable function, and a durable function in a graph", async () => {
      const double = workflow("double", async (ctx, input: { readonly n: number }) => ctx.step("double", () => input.n * 2));
      const inner = graph("inner", { n: value(0) }, { input: ["n"] })
        .node("double", double, { input: ({ n }) => ({ n }), output: (n) => ({ n }) })
        .edge(START, "double");
      const outer = workflow("outer", async (ctx, input: number) => (await ctx.call("graph", inner, { n: input })).n + 1);
      using place = make();
      await using engine = await place.open({ workflows: [outer] });

      assert.equal(await (await engine.start(outer, 20)).result(), 41);
    });

    test("a failure in a subgraph tells its path", async () => {
      const inner = graph("inner", { n: sum() })
        .node("deep", () => Promise.reject(new Error("broken")))
        .edge(START, "deep");
      const outer = graph("outer", { n: sum() }).node("child", inner).edge(START, "child");
      using place = make();
      await using engine = await place.open({ workflows: [outer] });

      await assert.rejects(outer.invoke({}, { engine }), (error: Error) => /in child\/deep: broken/.test(error.message));
    });
  });
}
