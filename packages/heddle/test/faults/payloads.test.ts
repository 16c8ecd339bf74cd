import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { hasCode, workflow, type Context, type ErrorCode } from "heddle";
import { places, untilEvent, untilStatus } from "../engine/engines.ts";
import { runProcess } from "./other-process.ts";

/** Made anew each time: what one door does to a value must not reach the next. */
const kept = (): Record<string, unknown> => ({
  bigint: 2n ** 80n,
  date: new Date(86_400_000),
  "invalid date": new Date(Number.NaN),
  map: new Map<unknown, unknown>([[new Date(0), new Set([1n, Number.NaN])]]),
  undefined: { in: [undefined, 1], of: undefined },
  numbers: [Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324],
  "lone surrogates": ["\ud800", "\udc00x", { "\udfff": 1 }],
  nul: ["a\0b", { "\0": "\u0001" }],
  prototype: JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as unknown,
  bytes: new Uint8Array([0, 255]),
  error: new RangeError("inner", { cause: new TypeError("cause") }),
});

class Account {
  owner = "me";
}
const cyclic: Record<string, unknown> = { name: "ring" };
cyclic["again"] = { deep: [cyclic] };
const refused: Record<string, { readonly value: unknown; readonly path: RegExp }> = {
  function: { value: { list: [() => 1] }, path: /list\[0\]/ },
  symbol: { value: { mark: Symbol("mark") }, path: /mark/ },
  "class instance": { value: { account: new Account() }, path: /account/ },
  cycle: { value: cyclic, path: /again\.deep\[0\]/ },
  "throwing getter": {
    value: {
      get trap(): never {
        throw new Error("sprung");
      },
    },
    path: /trap/,
  },
};

const isRefusal =
  (path: RegExp, code: ErrorCode = "VALUE_NOT_DURABLE") =>
  (error: unknown): boolean => {
    const own = hasCode(error, code) ? error : (error as Error).cause;
    return hasCode(own, code) && path.test((own as Error).message);
  };

test("case 51: a result of 200 MB and a signal of 50 MB are refused by a limit that is named, in a process that has no room for a copy; other runs go on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-large-"));
  try {
    const script = join(import.meta.dirname, "children", "run-with-little-memory.ts");
    // One text of 200 MB fits, a second does not.
    const output = await runProcess([process.execPath, "--max-old-space-size=450", script, `sqlite:${join(folder, "heddle.db")}`]);
    const report = JSON.parse(output) as { codes: Record<string, string>; messages: string[]; received: string; other: string };

    assert.deepEqual(Object.keys(report.codes), ["text", "text of two bytes", "bytes", "shared", "signal"]);
    assert.deepEqual([...new Set(Object.values(report.codes))], ["VALUE_TOO_LARGE"]);
    for (const message of report.messages) assert.match(message, /limit/);
    assert.deepEqual([report.received, report.other], ["small", "done"]);
    assert.ok(statSync(join(folder, "heddle.db")).size < 2_000_000, "nothing of it is kept");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What of an error is compared. `no`: it is none. */
interface Shape {
  readonly no?: "error";
  readonly named: string;
  readonly message: string;
  readonly stack: number | undefined;
  readonly kind: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: Shape | undefined;
  readonly errors: readonly Shape[] | undefined;
}

for (const { name, make } of places) {
  describe(`payloads on ${name}`, () => {
    test("case 50: what can be kept comes back the same through every door, also after it was read from the journal", async () => {
      using place = make();
      const echo = workflow("echo", async (_: Context, input: unknown) => input);
      const job = workflow("job", async (ctx, input: unknown): Promise<Record<string, unknown>> => {
        const seen: Record<string, unknown> = { input };
        seen["step"] = await ctx.step("step", () => kept(), { input });
        seen["call"] = await ctx.call("call", echo, kept());
        seen["map"] = (await ctx.map("map", [kept()], (item) => item))[0];
        await ctx.emit("emit", "said", kept());
        seen["signal"] = await ctx.receive("word", "word");
        // Nothing is hot: from here on all of it comes from the journal.
        await ctx.receive("go", "go");
        return seen;
      });
      await using engine = await place.open({ workflows: [job, echo], hotFrames: 0 });
      const run = await engine.start(job, kept(), { id: "r" });
      await engine.signal("r", "word", kept());
      await untilEvent(engine, "r", ({ type, key }) => type === "op-opened" && key === "go");
      await untilStatus(engine, "r", "waiting");
      await engine.signal("r", "go");
      const seen = await run.result();

      assert.deepEqual(Object.keys(seen).toSorted(), ["call", "input", "map", "signal", "step"]);
      for (const [door, value] of Object.entries(seen)) {
        assert.deepEqual(value, kept(), door);
        const proto = (value as { prototype: object }).prototype;
        assert.ok(Object.hasOwn(proto, "__proto__") && !("polluted" in proto), door);
      }
      const said = (await Array.fromAsync(run.events({ live: false }))).filter(({ type }) => type === "emitted");
      assert.equal(said.length, 1);
    });

    for (const [what, { value, path }] of Object.entries(refused)) {
      test(`case 50: a ${what} is refused with its path before anything happens; as the result of an effect, after it happened once`, async () => {
        using place = make();
        let effects = 0;
        const effect = (): void => void effects++;
        const child = workflow<unknown, void>("child", async (ctx) => ctx.step("effect", effect));
        const doors: Record<string, (ctx: Context) => Promise<unknown>> = {
          "step input": (ctx) => ctx.step("s", effect, { input: value }),
          "child input": (ctx) => ctx.call("c", child, value),
          "child started": (ctx) => ctx.start("c", child, value),
          emitted: (ctx) => ctx.emit("e", "said", value),
          "next segment": async (ctx) => ctx.continueAs(value),
        };
        const job = workflow("job", async (ctx, door: string) => doors[door]?.(ctx));
        const result = workflow("result", async (ctx) =>
          ctx.step(
            "s",
            () => {
              effect();
              return value;
            },
            { retry: 5 },
          ),
        );
        const given = workflow<unknown, unknown>("given", async () => value);
        await using engine = await place.open({ workflows: [job, child, result, given] });

        await assert.rejects(engine.start(given, value, { id: "i" }), isRefusal(path));
        await engine.start(job, "none", { id: "n", delay: "1h" });
        await assert.rejects(engine.signal("n", "word", value), isRefusal(path));
        for (const door of Object.keys(doors))
          await assert.rejects((await engine.start(job, door, { id: door.replace(" ", "-") })).result(), isRefusal(path), door);
        assert.equal(effects, 0, "nothing happened");
        assert.deepEqual(
          (await engine.list()).filter(({ workflow }) => workflow !== "job"),
          [],
          "no other run was made",
        );

        await assert.rejects((await engine.start(given, null)).result(), isRefusal(path));
        const failed = await engine.start(result, undefined);
        await assert.rejects(failed.result(), isRefusal(path));
        assert.equal(effects, 1, "it is not done again, though it might have been");
        const ended = (await Array.fromAsync(failed.events({ live: false }))).flatMap((event) =>
          event.type === "op-ended" ? [event.attempt] : [],
        );
        assert.deepEqual(ended, [undefined]);
      });
    }

    test("case 52: errors of all kinds, thrown by a step, are the same when they are given back from the journal", async () => {
      using place = make();
      const long = new Error("long");
      long.stack = `Error: long\n${"    at somewhere (file:1:1)\n".repeat(100_000)}`;
      let nested: Error = new Error("end of the chain");
      for (let depth = 0; depth < 20; depth++) nested = new Error(`level ${depth}`, { cause: nested });
      class QuotaError extends Error {
        override readonly name = "QuotaError";
        readonly left = 3n;
      }
      const thrown: Record<string, unknown> = {
        type: new TypeError("outer", { cause: new RangeError("inner") }),
        fields: Object.assign(new Error("fields"), { code: "E1", status: 503, when: new Date(5) }),
        many: new AggregateError([new Error("a"), new SyntaxError("b")], "several"),
        own: new QuotaError("over"),
        nested,
        long,
        text: "only text",
        number: 404,
        nothing: undefined,
        null: null,
        object: { reason: "plain" },
        circular: Object.assign(new Error("circular"), { self: cyclic }),
      };
      const shape = (error: unknown): Partial<Shape> => {
        if (!(error instanceof Error)) return { no: "error" };
        const { name: named, message, stack, cause, ...fields } = error as Error & Record<string, unknown>;
        return {
          named,
          message,
          stack: stack?.length,
          kind: Object.getPrototypeOf(error)?.constructor?.name as unknown,
          fields,
          cause: cause === undefined ? undefined : (shape(cause) as Shape),
          errors: error instanceof AggregateError ? (error.errors.map(shape) as Shape[]) : undefined,
        };
      };
      const passes: unknown[][] = [];
      const job = workflow("job", async (ctx) => {
        const seen: unknown[] = [];
        for (const [key, error] of Object.entries(thrown)) {
          // Whatever may be thrown.
          const fail = (): never => {
            throw error;
          };
          seen.push(await ctx.step(key, fail).catch(shape));
        }
        passes.push(seen);
        await ctx.receive("go", "go");
      });
      await using engine = await place.open({ workflows: [job], hotFrames: 0 });
      const run = await engine.start(job, undefined, { id: "r" });
      await untilStatus(engine, "r", "waiting");
      await engine.signal("r", "go");
      await run.result();

      assert.equal(passes.length, 2, "live, and from the journal");
      assert.deepEqual(passes[1], passes[0]);
      const [type, fields, many, own, deep, longest, ...others] = passes[0] as Shape[];
      assert.deepEqual([type?.named, type?.kind, type?.cause?.kind], ["TypeError", "TypeError", "RangeError"]);
      assert.deepEqual(fields?.fields, { code: "E1", status: 503, when: new Date(5) });
      assert.deepEqual(
        many?.errors?.map(({ kind }) => kind),
        ["Error", "SyntaxError"],
      );
      assert.deepEqual([own?.named, own?.fields["left"]], ["QuotaError", 3n]);
      let levels = 0;
      for (let at = deep; at !== undefined; at = at.cause) levels++;
      assert.equal(levels, 21);
      assert.ok(Number(longest?.stack) < 100_000, `a stack of ${String(longest?.stack)} characters is kept`);
      for (const other of others) assert.equal(other.no, undefined, "an error in any case");
      assert.deepEqual(
        others.map(({ message }) => /only text|404|undefined|null|object|circular/.test(message)),
        others.map(() => true),
        others.map(({ message }) => message).join("; "),
      );
    });
  });
}
