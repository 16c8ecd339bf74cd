import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { decodeError, decodeValue, encodeError, encodeValue, HeddleError, type ErrorValue, type Json } from "@heddle/kernel";
import fc from "fast-check";
import "../seeded.ts";

/** The error that is thrown at a replay. */
function recorded(error: unknown): Error {
  return decodeError(JSON.parse(JSON.stringify(encodeError(error))) as ErrorValue);
}

class PaymentError extends Error {
  readonly amount: bigint;
  constructor(message: string, amount: bigint) {
    super(message);
    this.amount = amount;
  }
}

describe("a recorded error", () => {
  test("comes back with class, message, stack, code and fields", () => {
    const error = Object.assign(new RangeError("too many"), { code: "E_MANY", limit: 5, at: new Date(7) });
    const back = recorded(error);

    assert.deepStrictEqual(back, error);
    assert.ok(back instanceof RangeError);
    assert.equal(back.stack, error.stack);
  });

  test("comes back with its whole chain of causes, whatever they are", () => {
    const error = new Error("top", {
      cause: new TypeError("middle", { cause: { name: "N", message: "only looks like an error", n: -0 } }),
    });
    assert.deepStrictEqual(recorded(error), error);
    for (const cause of [undefined, null, "text", { name: "N", message: "m" }, [new Error("in a list")], { $date: 1 }]) {
      const back = recorded(new Error("x", { cause }));
      assert.ok(Object.hasOwn(back, "cause"));
      assert.deepStrictEqual(back.cause, cause);
    }
    assert.ok(!Object.hasOwn(recorded(new Error("x")), "cause"));
  });

  test("of several errors comes back with all of them, and their field stays hidden", () => {
    const error = new AggregateError([new Error("a"), "b", new AggregateError([new TypeError("c")], "inner")], "both");
    const back = recorded(error);

    assert.deepStrictEqual(back, error);
    assert.ok(back instanceof AggregateError && back.errors[2] instanceof AggregateError && !Object.keys(back).includes("errors"));
  });

  test("of Heddle comes back as such", () => {
    const error = new HeddleError("RUN_UNKNOWN", "There is no run x.", { data: { runId: "x" }, cause: new Error("why") });
    const back = recorded(error);

    assert.deepStrictEqual(back, error);
    assert.ok(back instanceof HeddleError && back.code === "RUN_UNKNOWN");
  });

  test("of Node comes back with its code and numbers", () => {
    try {
      readFileSync("/does/not/exist");
      assert.fail("it is there");
    } catch (error) {
      assert.deepStrictEqual(recorded(error), error);
      assert.equal((recorded(error) as { code?: string }).code, "ENOENT");
    }
  });

  test("of a user's class is named by that class when it sets no name", () => {
    const back = recorded(new PaymentError("declined", 5n));

    assert.deepEqual([back.name, back.message, (back as PaymentError).amount], ["PaymentError", "declined", 5n]);
    assert.equal(recorded(Object.assign(new PaymentError("declined", 5n), { name: "Declined" })).name, "Declined");
    assert.equal(recorded(AbortSignal.abort().reason).name, "AbortError");
  });

  test("marked as final stays so", () => {
    assert.equal(encodeError(Object.assign(new Error("x"), { final: true })).final, true);
    assert.equal((recorded(Object.assign(new Error("x"), { final: true })) as { final?: boolean }).final, true);
    const soft = encodeError(Object.assign(new Error("x"), { final: "no" }));
    assert.deepEqual([soft.final, soft.data], [undefined, { final: "no" }]);
  });

  test("keeps a __proto__ field as data", () => {
    const error = new Error("x");
    Object.defineProperty(error, "__proto__", { value: { admin: true }, enumerable: true });

    assert.deepEqual(Object.getOwnPropertyDescriptor(recorded(error), "__proto__")?.value, { admin: true });
    assert.ok(recorded(error) instanceof Error);
  });
});

describe("recording an error never throws", () => {
  test("whatever is thrown", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withNullPrototype: true,
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSparseArray: true,
          withTypedArray: true,
        }),
        (thrown) => {
          const value = encodeError(thrown);

          assert.equal(value.name, "ThrownValue");
          assert.ok(recorded(thrown) instanceof Error);
        },
      ),
    );
  });

  test("a thrown value keeps its message, its code and itself", () => {
    assert.deepEqual(encodeError("boom"), {
      name: "ThrownValue",
      message: "Something that is no error was thrown: boom",
      data: { thrown: "boom" },
    });
    assert.deepEqual(encodeError({ message: "m", code: "C", final: true }), {
      name: "ThrownValue",
      message: "m",
      code: "C",
      final: true,
      data: { thrown: { message: "m", code: "C", final: true } },
    });
    assert.match(encodeError(undefined).message, /undefined/);
    assert.match(encodeError(Symbol("s")).message, /Symbol\(s\)/);
    assert.match(encodeError(Object.create(null)).message, /object/);
  });

  test("a field that cannot be kept is replaced by the reason", () => {
    const error = Object.assign(new Error("x"), { request: new Blob([]), status: 500, deep: { call: () => 1 }, large: "x".repeat(70_000) });
    const data = encodeError(error).data as Record<string, Json>;

    assert.equal(data.status, 500);
    assert.equal(data.request, "[not kept: an instance of class Blob]");
    assert.equal(data.deep, "[not kept: the function call at $.call]");
    assert.match(data.large as string, /^\[not kept: .*65,536/);
  });

  test("a chain that bites its tail ends in words", () => {
    const outer: Error = new Error("outer");
    outer.cause = new Error("inner", { cause: outer });

    assert.equal((recorded(outer).cause as Error).cause, "[not kept: a reference back to an outer error]");
    const all = new AggregateError([], "all");
    all.errors.push(all);
    assert.deepEqual((recorded(all) as AggregateError).errors, ["[not kept: a reference back to an outer error]"]);
  });

  test("a chain of 100,000 causes is cut", () => {
    let error = new Error("deepest");
    for (let level = 0; level < 100_000; level += 1) error = new Error("outer", { cause: error });

    assert.match(JSON.stringify(encodeError(error)), /not kept: more than 100 errors inside one another/);
  });

  test("a long message says how much was cut", () => {
    assert.match(encodeError(new Error("y".repeat(40_000))).message, /^y{32768}… \(7232 more characters\)$/);
  });

  test("fields that throw or lie are no obstacle", () => {
    const error = Object.defineProperties(new Error("x"), {
      name: { get: () => assert.fail("name"), enumerable: true },
      message: { get: () => assert.fail("message") },
      field: { get: () => assert.fail("field"), enumerable: true },
    });
    const { proxy, revoke } = Proxy.revocable(new Error("x"), {});
    revoke();

    assert.equal(typeof encodeError(error).message, "string");
    assert.equal(encodeError(proxy).name, "ThrownValue");
    assert.equal(encodeError(Object.assign(new Error("x"), { message: 5 })).message, "");
  });
});

test("an error inside a value is kept like any part, and refused like any part", () => {
  const value = { ok: false, error: Object.assign(new TypeError("x"), { when: new Date(0) }) };
  assert.deepStrictEqual(decodeValue(JSON.parse(JSON.stringify(encodeValue(value))) as Json), value);
  assert.throws(() => encodeValue({ error: Object.assign(new Error("x"), { call: () => 1 }) }), {
    code: "VALUE_NOT_DURABLE",
    message: /\$\.error\.call/,
  });
});
