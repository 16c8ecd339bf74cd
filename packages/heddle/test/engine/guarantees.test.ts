import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasCode, secret, workflow, type Context, type EngineOptions, type Secret } from "heddle";
import { deferred, places, untilEvent, untilStatus } from "./engines.ts";

for (const { name, make } of places) {
  describe(`guarantees on ${name}`, () => {
    test("case 37: a signal sent 1,000 times under one id is delivered once; different ids each once, in order for each name", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => {
        const words: (string | undefined)[] = [];
        for (let index = 0; index < 21; index++)
          words.push(await ctx.receive<string>(`w${index}`, "word", { timeout: index < 20 ? "1h" : 1 }));
        const others = [];
        for (let index = 0; index < 19; index++) others.push(await ctx.receive<string>(`o${index}`, "other", { timeout: "1h" }));
        return [...words, ...others];
      });
      await using engine = await place.open({ workflows: [job] });
      await using beside = await place.open({ passive: true });
      const run = await engine.start(job, undefined, { id: "r" });
      await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => [engine, beside][index % 2]!.signal("r", "word", "same", { id: "one" })),
      );
      for (let index = 0; index < 19; index++) {
        await engine.signal("r", "word", `n${index}`, { id: `id${index}` });
        await beside.signal("r", "other", `o${index}`);
        await beside.signal("r", "word", "again", { id: `id${index}` });
      }

      assert.deepEqual(await run.result(), [
        "same",
        ...Array.from({ length: 19 }, (_, index) => `n${index}`),
        undefined,
        ...Array.from({ length: 19 }, (_, index) => `o${index}`),
      ]);
    });

    test("case 36: a signal for a run that nobody has begun is kept", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => ctx.receive("word", "word"));
      {
        await using starter = await place.open({ workflows: [job], passive: true });
        await starter.start(job, undefined, { id: "r" });
        await starter.signal("r", "word", "early");
      }
      await using engine = await place.open({ workflows: [job] });

      assert.equal(await (await engine.get("r")).result(), "early");
    });

    test("case 39: of a signal and a timeout the first in the journal wins, and the signal that lost is there for the next wait", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => {
        const first = await ctx.receive<string>("first", "word", { timeout: 1 });
        const second = await ctx.receive<string>("second", "word");
        return [first, second];
      });
      await using engine = await place.open({ workflows: [job] });
      const run = await engine.start(job, undefined, { id: "r" });
      await untilEvent(engine, "r", (event) => event.type === "op-opened" && event.key === "second");
      await engine.signal("r", "word", "late");

      assert.deepEqual(await run.result(), [undefined, "late"]);
    });

    test("case 44: cancelled while it waits to try again, a step is not tried again", async () => {
      using place = make();
      let attempts = 0;
      const job = workflow("job", async (ctx) =>
        ctx.step(
          "down",
          () => {
            attempts++;
            throw new Error("down");
          },
          { retry: { attempts: 5, initialMs: 3_600_000, jitter: "none" } },
        ),
      );
      await using engine = await place.open({ workflows: [job] });
      const run = await engine.start(job, undefined, { id: "r" });
      await untilStatus(engine, "r", "waiting");
      await engine.cancel("r", "no more");

      await assert.rejects(run.result(), (error) => hasCode(error, "RUN_CANCELLED"));
      assert.equal(attempts, 1);
    });

    test("case 45: cancelled while queued, while parked and together with its completion, a run has exactly one end", async () => {
      using place = make();
      const gate = deferred();
      const quick = workflow("quick", async (ctx) => ctx.step("one", () => gate.promise));
      const parked = workflow("parked", async (ctx) => ctx.receive("never", "never"));
      await using engine = await place.open({ workflows: [quick, parked] });
      await engine.start(parked, undefined, { id: "queued", delay: "1h" });
      await engine.start(parked, undefined, { id: "parked" });
      await engine.start(quick, undefined, { id: "racing" });
      await untilStatus(engine, "parked", "waiting");
      await Promise.all(["queued", "parked", "racing"].map((id) => engine.cancel(id)));
      gate.resolve();

      for (const id of ["queued", "parked", "racing"]) {
        await (await engine.get(id)).result().catch(() => {});
        const ends = (await Array.fromAsync((await engine.get(id)).events({ live: false }))).filter(({ type }) => type === "run-ended");
        assert.equal(ends.length, 1, id);
      }
      await untilStatus(engine, "queued", "cancelled");
      await untilStatus(engine, "parked", "cancelled");
    });

    test("case 43: 500 children that are called together all reach their parent", async () => {
      using place = make();
      const child = workflow("child", async (_: Context, input: number) => input);
      const parent = workflow("parent", async (ctx) => {
        const values = await Promise.all(Array.from({ length: 500 }, (_, index) => ctx.call(`c${index}`, child, index)));
        return values.reduce((sum, value) => sum + value, 0);
      });
      await using engine = await place.open({ workflows: [parent, child] });

      assert.equal(await (await engine.start(parent, undefined)).result(), (499 * 500) / 2);
    });

    test("case 51: a result or an input above the limit is refused by name and limit; others go on", async () => {
      using place = make();
      const job = workflow("job", async (ctx, input: string) => ctx.step("big", () => "x".repeat(input.length * 10)));
      await using engine = await place.open({ workflows: [job], maxValueBytes: 1_000 });

      await assert.rejects(
        engine.start(job, "y".repeat(2_000)),
        (error) => hasCode(error, "VALUE_TOO_LARGE") && /1,?000/.test((error as Error).message),
      );
      await assert.rejects(
        (await engine.start(job, "y".repeat(200))).result(),
        (error) => hasCode((error as Error).cause, "VALUE_TOO_LARGE") && /big/.test(((error as Error).cause as Error).message),
      );
      assert.equal((await (await engine.start(job, "y")).result()).length, 10);
    });

    test("case 52: errors of all kinds come back with class, fields and causes", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => {
        const seen: unknown[] = [];
        for (const [key, thrown] of Object.entries({
          chain: new TypeError("outer", { cause: new RangeError("inner") }),
          fields: Object.assign(new Error("with fields"), { code: "E1", status: 503 }),
          text: "only text",
          many: new AggregateError([new Error("a"), new Error("b")], "several"),
        })) {
          const error = await ctx
            .step(key, () => Promise.reject(thrown as Error))
            .catch((caught: unknown) => caught as Error & { code?: string; status?: number; errors?: Error[] });
          seen.push({
            name: (error as Error).name,
            message: (error as Error).message,
            cause: ((error as Error).cause as Error | undefined)?.message,
            code: (error as { code?: string }).code,
            status: (error as { status?: number }).status,
            errors: (error as AggregateError).errors?.map((each: Error) => each.message),
          });
        }
        return seen;
      });
      await using engine = await place.open({ workflows: [job] });
      const seen = (await (await engine.start(job, undefined)).result()) as Record<string, unknown>[];

      assert.deepEqual(seen[0], {
        name: "TypeError",
        message: "outer",
        cause: "inner",
        code: undefined,
        status: undefined,
        errors: undefined,
      });
      assert.equal(seen[1]?.["code"], "E1");
      assert.equal(seen[1]?.["status"], 503);
      assert.match(String(seen[2]?.["message"]), /only text/);
      assert.deepEqual(seen[3]?.["errors"], ["a", "b"]);
    });

    test("case 55: in strict mode the clock, randomness and I/O in workflow code are errors that say what to use; in steps they are free", async () => {
      using place = make();
      const uses: Record<string, () => unknown> = {
        now: () => Date.now(),
        date: () => new Date(),
        random: () => Math.random(),
        timer: () => setTimeout(() => {}, 1),
        fetch: () => fetch("http://127.0.0.1:9/"),
        uuid: () => crypto.randomUUID(),
      };
      const job = workflow("job", async (ctx, input: string) => {
        await ctx.step("free", () => [Date.now(), Math.random(), new Date(0).getTime()].length);
        await ctx.sleep("moment", 1);
        return typeof uses[input]?.();
      });
      await using engine = await place.open({ workflows: [job], strict: true, hotFrames: 0 });
      for (const use of Object.keys(uses)) {
        await assert.rejects(
          (await engine.start(job, use)).result(),
          (error) => hasCode((error as Error).cause, "CODE_NOT_DETERMINISTIC"),
          use,
        );
      }
      assert.equal(await (await engine.start(job, "nothing")).result(), "undefined");
      assert.equal(typeof Date.now(), "number");
    });

    for (const [what, decide] of Object.entries({
      "the clock": () => `at ${process.hrtime.bigint()}`,
      chance: () => `by ${crypto.randomUUID()}`,
      "what is outside": (() => {
        let reads = 0;
        return () => `file ${++reads}`;
      })(),
    })) {
      test(`case 55: without strict mode, code that goes by ${what} is found when it is replayed, and nothing of it happens again`, async () => {
        using place = make();
        const did: string[] = [];
        const job = workflow("job", async (ctx) => {
          await ctx.step("same", () => void did.push("same"));
          const key = decide();
          await ctx.step(key, () => void did.push(key));
          return ctx.receive("go", "go");
        });
        await using engine = await place.open({ workflows: [job], hotFrames: 0 });
        await engine.start(job, undefined, { id: "r" });
        await untilStatus(engine, "r", "waiting");
        await engine.signal("r", "go");
        await untilStatus(engine, "r", "paused");

        const { pause } = await (await engine.get("r")).state();
        assert.equal(pause?.code, "RUN_MISMATCH");
        assert.match(
          pause.difference?.join("\n") ?? "",
          /recorded +step "(at|by|file) .*\ncode +does not ask for it; it asks for "(at|by|file) /,
        );
        assert.equal(did.length, 2);
      });
    }

    test("a secret travels as a reference; its value in a result is refused, in an error blacked out; one that is not there fails its step", async () => {
      using place = make();
      const job = workflow("job", async (ctx, input: { key: Secret }) => {
        const used = await ctx.step("use", async ({ reveal }) => (await reveal(input.key)).length);
        const leaked = await ctx
          .step("leak", async ({ reveal }) => ({ header: `Bearer ${await reveal(input.key)}` }))
          .catch((error: { code?: string }) => error.code);
        const thrown = await ctx
          .step("throw", async ({ reveal }) => {
            throw new Error(`refused: ${await reveal(input.key)}`);
          })
          .catch((error: Error) => error.message);
        const missing = await ctx.step("miss", ({ reveal }) => reveal(secret("NOT_SET"))).catch((error: { code?: string }) => error.code);
        return { used, leaked, thrown, missing };
      });
      await using engine = await place.open({ workflows: [job], secrets: (which) => (which === "API_KEY" ? "sk-very-secret" : undefined) });
      const run = await engine.start(job, { key: secret("API_KEY") });

      assert.deepEqual(await run.result(), {
        used: 14,
        leaked: "SECRET_IN_VALUE",
        thrown: "refused: [secret API_KEY]",
        missing: "SECRET_UNKNOWN",
      });
      assert.ok(!JSON.stringify(await Array.fromAsync(run.events({ live: false }))).includes("sk-very-secret"));
    });

    test("an engine is not opened with options that make no sense", async () => {
      using place = make();
      const wrong: EngineOptions[] = [{ concurrency: 0 }, { leaseMs: 10 }, { drainMs: -1 }, { graceMs: Number.NaN }, { hotFrames: -1 }];
      for (const options of wrong) await assert.rejects(place.open(options), (error) => hasCode(error, "OPTION_INVALID"));
    });

    test("a step without a sign of life, and one that takes too long, are given up and told", async () => {
      using place = make();
      const aborted: string[] = [];
      const hang =
        (key: string) =>
        ({ signal }: { readonly signal: AbortSignal }) =>
          new Promise<never>((_, reject) =>
            signal.addEventListener("abort", () => {
              aborted.push(key);
              reject(signal.reason);
            }),
          );
      const job = workflow("job", async (ctx) => {
        const codes = [];
        codes.push(await ctx.step("slow", hang("slow"), { timeout: 5 }).catch((error: { code?: string }) => error.code));
        codes.push(await ctx.step("silent", hang("silent"), { heartbeat: 5 }).catch((error: { code?: string }) => error.code));
        codes.push(
          await ctx
            .step("total", hang("total"), { timeout: 5, totalTimeout: 20, retry: { attempts: 100, initialMs: 1, jitter: "none" } })
            .catch((error: { code?: string }) => error.code),
        );
        return codes;
      });
      await using engine = await place.open({ workflows: [job] });

      const run = await engine.start(job, undefined);
      assert.deepEqual(await run.result(), ["STEP_TIMED_OUT", "STEP_TIMED_OUT", "STEP_TIMED_OUT"]);
      const steps = (await run.state()).tasks.flatMap(({ operations }) => operations.map(({ key, status }) => [key, status]));
      assert.deepEqual(
        steps,
        ["slow", "silent", "total"].map((key) => [key, "timed-out"]),
      );
      assert.deepEqual([...new Set(aborted)], ["slow", "silent", "total"]);
    });

    test("cancelled work that does not stop is given up after its grace", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => ctx.step("deaf", () => new Promise<never>(() => {})));
      await using engine = await place.open({ workflows: [job], graceMs: 5 });
      const run = await engine.start(job, undefined, { id: "r" });
      await engine.cancel("r");

      await assert.rejects(run.result(), (error) => hasCode(error, "RUN_CANCELLED"));
    });

    test("a run can be read as it was at any event, and forked from there", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => {
        await ctx.step("a", () => 1);
        await ctx.step("b", () => 2);
        return 3;
      });
      await using engine = await place.open({ workflows: [job] });
      const run = await engine.start(job, undefined);
      await run.result();

      const keys = async (at: number): Promise<string[]> =>
        (await run.state({ at })).tasks.flatMap(({ operations }) => operations.map(({ key }) => key));
      assert.deepEqual([await keys(1), await keys(2), await keys(3)], [[], ["a"], ["a", "b"]]);
      assert.equal((await run.state({ at: 2 })).status, "running");
      assert.equal((await run.state()).output, 3);
    });
  });
}
