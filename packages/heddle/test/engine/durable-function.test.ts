import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasCode, workflow, type Context, type Engine, type StepContext } from "heddle";
import { deferred, places, untilEvent, untilStatus } from "./engines.ts";

for (const place of places) {
  describe(`durable functions on ${place.name}`, () => {
    const run = async <I, O>(
      code: (ctx: Context, input: I) => Promise<O>,
      input: I,
      use?: (engine: Engine) => Promise<void>,
    ): Promise<O> => {
      using at = place.make();
      const definition = workflow("under-test", code);
      await using engine = await at.open({ workflows: [definition], hotFrames: 0 });
      const handle = await engine.start(definition, input as never, { id: "run" });
      await use?.(engine);
      return await handle.result();
    };

    test("steps give their values, in sequence and side by side", async () => {
      const value = await run(async (ctx, input: number) => {
        const one = await ctx.step("one", () => input + 1);
        const [two, three] = await Promise.all([ctx.step("two", async () => one + 1), ctx.step("three", () => one + 2)]);
        return { one, two, three };
      }, 1);

      assert.deepEqual(value, { one: 2, two: 3, three: 4 });
    });

    test("a function that waits is rebuilt from its journal, and completed steps do not run again", async () => {
      const runs: string[] = [];
      const value = await run(
        async (ctx) => {
          const first = await ctx.step("first", () => {
            runs.push("first");
            return new Map([["when", new Date(0)]]);
          });
          const signal = await ctx.receive<{ n: number }>("go", "go");
          const second = await ctx.step("second", () => {
            runs.push("second");
            return signal.n * 2;
          });
          return { first, second };
        },
        null,
        async (engine) => {
          await untilStatus(engine, "run", "waiting");
          await engine.signal("run", "go", { n: 21 });
        },
      );

      assert.deepEqual(value, { first: new Map([["when", new Date(0)]]), second: 42 });
      assert.deepEqual(runs, ["first", "second"]);
    });

    test("case 36: a signal that comes before the wait is kept; several are taken oldest first", async () => {
      const gate = deferred();
      const value = await run(
        async (ctx) => {
          await ctx.step("hold", () => gate.promise);
          return [await ctx.receive("a", "word"), await ctx.receive("b", "word"), await ctx.receive("c", "word", { timeout: 5 })];
        },
        null,
        async (engine) => {
          await engine.signal("run", "word", "one", { id: "1" });
          await engine.signal("run", "word", "one", { id: "1" });
          await engine.signal("run", "word", "two", { id: "2" });
          gate.resolve();
        },
      );

      assert.deepEqual(value, ["one", "two", undefined]);
    });

    test("a failing step is tried again as its policy says, and its error is thrown where it is awaited", async () => {
      let attempts = 0;
      const value = await run(async (ctx) => {
        const good = await ctx.step(
          "flaky",
          ({ attempt }) => {
            attempts++;
            if (attempt < 3) throw new TypeError("not yet");
            return attempt;
          },
          { retry: { attempts: 3, initialMs: 1, jitter: "none" } },
        );
        const error = await ctx
          .step("bad", () => {
            throw new RangeError("out of range");
          })
          .catch((caught: unknown) => caught as Error);
        return { good, name: error.name, message: error.message, isError: error instanceof RangeError };
      }, null);

      assert.equal(attempts, 3);
      assert.deepEqual(value, { good: 3, name: "RangeError", message: "out of range", isError: true });
    });

    test("the winner of a race is recorded and the loser's wait swallows nothing", async () => {
      const value = await run(
        async (ctx) => {
          const first = await ctx.race("first", {
            word: (branch) => branch.receive<string>("word", "word"),
            time: (branch) => branch.sleep("time", 1),
          });
          const word = await ctx.receive<string>("again", "word");
          return { winner: first.winner, word };
        },
        null,
        async (engine) => {
          await untilEvent(engine, "run", (event) => event.type === "op-opened" && event.key === "again");
          await engine.signal("run", "word", "late");
        },
      );

      assert.deepEqual(value, { winner: "time", word: "late" });
    });

    test("map keeps the items' order and its limit", async () => {
      let active = 0;
      let most = 0;
      const value = await run(async (ctx) => {
        return ctx.map(
          "item",
          [5, 4, 3, 2, 1],
          async (item) => {
            active++;
            most = Math.max(most, active);
            await new Promise((resolve) => setImmediate(resolve));
            active--;
            return item * 10;
          },
          { concurrency: 2 },
        );
      }, null);

      assert.deepEqual(value, [50, 40, 30, 20, 10]);
      assert.equal(most, 2);
    });

    test("map collects failures when asked to, and names the failed item otherwise", async () => {
      const value = await run(async (ctx) => {
        const odd = (item: number): number => {
          if (item === 2) throw new Error("two");
          return item;
        };
        const collected = await ctx.map("soft", [1, 2, 3], odd, { failure: "collect" });
        const failed = await ctx.map("hard", [1, 2, 3], odd, { concurrency: 1 }).catch((error: unknown) => error);
        return {
          collected: collected.map((result) => (result.ok ? result.value : result.error.message)),
          code: (failed as { code?: string }).code,
        };
      }, null);

      assert.deepEqual(value, { collected: [1, "two", 3], code: "MAP_FAILED" });
    });

    test("compensations run newest first when the function fails", async () => {
      const undone: string[] = [];
      const failing = run(async (ctx) => {
        await ctx.step("hotel", () => "h1", { compensate: (result) => void undone.push(`hotel ${result}`) });
        await ctx.step("flight", () => "f1", { compensate: (result) => void undone.push(`flight ${result}`) });
        throw new Error("no seats");
      }, null);

      await assert.rejects(failing, (error) => hasCode(error, "RUN_FAILED"));
      assert.deepEqual(undone, ["flight f1", "hotel h1"]);
    });

    test("a cancelled run stops its step, compensates, and ends cancelled", async () => {
      const undone: string[] = [];
      const began = deferred();
      const failing = run(
        async (ctx) => {
          await ctx.step("done", () => 1, { compensate: () => void undone.push("done") });
          await ctx.step("long", ({ signal }) => {
            began.resolve();
            return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
          });
        },
        null,
        async (engine) => {
          await began.promise;
          await engine.cancel("run", "changed my mind");
        },
      );

      await assert.rejects(failing, (error) => hasCode(error, "RUN_CANCELLED"));
      assert.deepEqual(undone, ["done"]);
    });

    test("a question is answered once, and a timeout is no approval", async () => {
      const value = await run(
        async (ctx) => {
          const late = await ctx.ask("late", { kind: "approval", prompt: "In time?", timeout: 1 });
          const [choice, text] = await Promise.all([
            ctx.ask("size", { kind: "choice", prompt: "Which size?", choices: ["s", "m"] }),
            ctx.ask("name", { kind: "text", prompt: "Your name?" }),
          ]);
          return { approved: late.approved, timedOut: late.timedOut, choice: choice.choice, text: text.text };
        },
        null,
        async (engine) => {
          await untilEvent(engine, "run", (event) => event.type === "op-opened" && event.key === "name");
          await assert.rejects(engine.answer("run", "size", { choice: "xl" }), (error) => hasCode(error, "ANSWER_INVALID"));
          await assert.rejects(engine.answer("run", "late", { approved: true }), (error) => hasCode(error, "QUESTION_CLOSED"));
          await engine.answer("run", "name", { text: "Ada" });
          await engine.answer("run", "size", { choice: "m" });
        },
      );

      assert.deepEqual(value, { approved: false, timedOut: true, choice: "m", text: "Ada" });
    });

    test("where approvers are named, nobody else answers, and nobody without a name", async () => {
      const value = await run(
        (ctx) => ctx.ask("ship", { kind: "approval", prompt: "Ship it?", approvers: ["ada", "ben"] }),
        null,
        async (engine) => {
          await untilEvent(engine, "run", (event) => event.type === "op-opened" && event.key === "ship");
          for (const answer of [{ approved: true, by: "eve" }, { approved: true }]) {
            await assert.rejects(
              engine.answer("run", "ship", answer),
              (error) => hasCode(error, "ANSWER_INVALID") && /ada, ben/.test((error as Error).message),
            );
          }
          await engine.answer("run", "ship", { approved: true, by: "ben" });
        },
      );

      assert.deepEqual(value, { approved: true, by: "ben", timedOut: false });
    });

    test("random values and ids are the same on every replay", async () => {
      const seen: unknown[] = [];
      await run(
        async (ctx) => {
          seen.push([ctx.random("r"), ctx.uuid("u")]);
          await ctx.receive("go", "go");
          seen.push([ctx.random("r2")]);
        },
        null,
        async (engine) => {
          await untilStatus(engine, "run", "waiting");
          await engine.signal("run", "go");
        },
      );

      assert.equal(seen.length, 3, "the function was rebuilt once");
      assert.deepEqual(seen[0], seen[1]);
    });

    test("each step, item, branch and undo has an idempotency key of its own", async () => {
      const keys: string[] = [];
      const note = ({ idempotencyKey }: StepContext): void => void keys.push(idempotencyKey);
      await run(async (ctx) => {
        await ctx.step("work", note, { compensate: (_result, step) => note(step) });
        await ctx.map("work", [1, 2], (_item, step) => note(step));
        await ctx.all("both", { left: (branch) => branch.step("work", note), right: (branch) => branch.step("work", note) });
        await ctx.compensate("undo");
      }, null);

      assert.equal(keys.length, 6);
      assert.equal(new Set(keys).size, 6);
    });

    test("each segment has idempotency keys of its own for the same keys", async () => {
      const keys: string[] = [];
      await run(async (ctx, segment: number) => {
        keys.push(await ctx.step("work", ({ idempotencyKey }) => idempotencyKey));
        return segment === 3 ? null : ctx.continueAs(segment + 1);
      }, 1);

      assert.equal(keys.length, 3);
      assert.equal(new Set(keys).size, 3);
    });

    test("continueAs begins a new segment with a new input and the same keys", async () => {
      const value = await run(
        async (ctx, input: { round: number; sum: number }): Promise<number> => {
          const sum = await ctx.step("add", () => input.sum + input.round);
          if (input.round === 4) return sum;
          return ctx.continueAs({ round: input.round + 1, sum });
        },
        { round: 1, sum: 0 },
      );

      assert.equal(value, 10);
    });

    test("the same key twice, a key in a step and a late ctx are errors that say so", async () => {
      let leaked: Context | undefined;
      const value = await run(async (ctx) => {
        leaked = ctx;
        const twice = await Promise.all([ctx.step("k", () => 1), ctx.step("k", () => 2)]).catch((error: unknown) => error);
        const inside = await ctx.step("outer", () => ctx.step("inner", () => 1)).catch((error: unknown) => error);
        return [(twice as { code?: string }).code, (inside as { code?: string }).code];
      }, null);

      assert.deepEqual(value, ["KEY_DUPLICATE", "CTX_IN_STEP"]);
      await assert.rejects(
        (leaked as Context).step("late", () => 1),
        (error) => hasCode(error, "CTX_AFTER_END"),
      );
    });

    test("a key is text of 1 to 256 characters that can be printed; anything else is refused", async () => {
      const value = await run(async (ctx) => {
        const codes: unknown[] = [];
        for (const key of ["", "a\nb", "\u007f", "k".repeat(257), 7 as unknown as string]) {
          for (const call of [() => ctx.step(key, () => 1), () => ctx.map(key, [1], () => 1), () => ctx.random(key)]) {
            codes.push(await Promise.try<unknown, []>(call).catch((error: unknown) => (error as { code?: string }).code));
          }
        }
        return [[...new Set(codes)], await ctx.step("k".repeat(256), () => "kept")];
      }, null);

      assert.deepEqual(value, [["KEY_INVALID"], "kept"]);
    });

    test("a value that cannot be kept fails its step with the path to it", async () => {
      let times = 0;
      const bad = (): unknown => ({ times: ++times, items: [1, () => 2] });
      const value = await run(async (ctx) => {
        const error = await ctx.step("bad", bad, { retry: { attempts: 5, initialMs: 0 } }).catch((caught: unknown) => caught);
        return { code: (error as { code?: string }).code, message: (error as Error).message };
      }, null);

      assert.equal(value.code, "VALUE_NOT_DURABLE");
      assert.match(value.message, /items\[1\]/);
      assert.equal(times, 1, "trying again would only make it happen twice");
    });
  });
}
