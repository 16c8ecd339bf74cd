import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import vm from "node:vm";
import { decodeValue, encodeValue, hasCode, HeddleError, type Json } from "@heddle/kernel";
import fc from "fast-check";
import { durableValue, jsonValue, objectOf } from "./durable-value.ts";
import "../seeded.ts";

/** What comes back after the value has stood in a journal. */
function roundTrip(value: unknown): unknown {
  return decodeValue(JSON.parse(JSON.stringify(encodeValue(value))) as Json);
}

function refused(value: unknown): { path: string; found: string; message: string; cause: unknown } {
  try {
    encodeValue(value);
  } catch (error) {
    assert.ok(hasCode(error, "VALUE_NOT_DURABLE"), String(error));
    const { data, message, cause } = error as HeddleError;
    return { path: String(data.path), found: String(data.found), message, cause };
  }
  return assert.fail("it was taken");
}

/** Frozen all the way down, so that any write to it throws. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  if (!ArrayBuffer.isView(value)) Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) freeze(Reflect.get(value, key));
  if (value instanceof Map) for (const entry of value) freeze(entry);
  if (value instanceof Set) for (const item of value) freeze(item);
}

describe("a value that is kept", () => {
  test("comes back equal: any value of every kind that is kept", () => {
    fc.assert(
      fc.property(durableValue, (value) => assert.deepStrictEqual(roundTrip(value), value)),
      { numRuns: 1500 },
    );
  });

  test("keeps the order of Maps, Sets and keys", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), (keys) => {
        assert.deepEqual([...(roundTrip(new Set(keys)) as Set<string>)], keys);
        assert.deepEqual([...(roundTrip(new Map(keys.map((key) => [key, 1]))) as Map<string, number>).keys()], keys);
        const object = objectOf(keys.map((key) => [key, undefined]));
        assert.deepEqual(Object.keys(roundTrip(object) as object), Object.keys(object));
      }),
    );
  });

  test("is not changed by being encoded", () => {
    fc.assert(
      fc.property(durableValue, (value) => {
        freeze(value);
        const first = JSON.stringify(encodeValue(value));

        assert.equal(JSON.stringify(encodeValue(value)), first);
      }),
      { numRuns: 300 },
    );
  });

  test("shares no object with the value, nor does what it is read as with it", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as Json;
        fc.pre(!JSON.stringify(plain).includes('{"$'));
        const encoded = encodeValue(plain);
        const decoded = decodeValue(encoded);

        assert.deepEqual(encoded, plain);
        assert.deepEqual(decoded, plain);
        const objects = objectsIn(plain);
        for (const [first, second] of [
          [objects, objectsIn(encoded)],
          [objectsIn(encoded), objectsIn(decoded)],
        ] as const)
          for (const each of second) assert.ok(!first.has(each));
      }),
    );
  });

  test("is decoded without a change to the JSON that it is read from", () => {
    const json = encodeValue({ a: [new Date(0), { b: 1n }], plain: { c: 1 } });
    freeze(json);

    assert.deepEqual(decodeValue(json), { a: [new Date(0), { b: 1n }], plain: { c: 1 } });
  });

  test("holds every number apart that JSON would fold together", () => {
    for (const value of [-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE, 2 ** 53 + 2]) {
      assert.ok(Object.is(roundTrip(value), value), String(value));
      assert.ok(Object.is((roundTrip({ n: [value] }) as { n: number[] }).n[0], value), String(value));
    }
  });

  test("tells undefined from absent, at the top, in arrays and as a property", () => {
    assert.equal(roundTrip(undefined), undefined);
    assert.deepStrictEqual(roundTrip([undefined, null]), [undefined, null]);
    assert.deepStrictEqual(Object.keys(roundTrip({ a: undefined }) as object), ["a"]);
  });

  test("keeps a __proto__ key as data and never as the prototype", () => {
    const value = JSON.parse('{"__proto__": {"admin": true}, "when": 1}') as Record<string, unknown>;
    value.when = new Date(5);
    const back = roundTrip(value) as Record<string, unknown>;

    assert.equal(Object.getPrototypeOf(back), Object.prototype);
    assert.deepStrictEqual(Object.getOwnPropertyDescriptor(back, "__proto__")?.value, { admin: true });
    assert.equal(({} as { admin?: boolean }).admin, undefined);
  });

  test("keeps objects that look like the codec's own tags", () => {
    const looks = [
      { $date: "2020-01-01" },
      { $escape: { $date: null } },
      { $unknown: 1 },
      { $: 1 },
      { $map: [[1, 2]], more: 1 },
      { cause: { name: "E", message: "m" } },
    ];
    assert.deepStrictEqual(roundTrip(looks), looks);
    assert.deepStrictEqual(encodeValue({ $gt: 5 }), { $escape: { $gt: 5 } });
  });

  test("may be shared by two places and is then kept twice", () => {
    const shared = { when: new Date(1) };
    assert.deepStrictEqual(roundTrip([shared, shared]), [{ when: new Date(1) }, { when: new Date(1) }]);
  });

  test("gets each accessor read once", () => {
    let reads = 0;
    const value = {
      get next() {
        reads += 1;
        return reads;
      },
    };
    const json = encodeValue(value);

    assert.deepEqual([reads, JSON.stringify(json), reads], [1, '{"next":1}', 1]);
  });

  test("may be a proxy or come from another realm", () => {
    assert.deepStrictEqual(roundTrip(new Proxy({ a: [1] }, {})), { a: [1] });
    assert.deepStrictEqual(roundTrip(vm.runInNewContext("({ list: [1, { a: 1 }], none: undefined })")), {
      list: [1, { a: 1 }],
      none: undefined,
    });
  });

  test("keeps only the part of a buffer that the view shows", () => {
    const whole = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const back = roundTrip(new Uint16Array(whole.buffer, 2, 2)) as Uint16Array;

    assert.deepEqual([back.byteOffset, back.buffer.byteLength, ...new Uint8Array(back.buffer)], [0, 4, 3, 4, 5, 6]);
  });

  test("keeps a pattern's place", () => {
    const pattern = /a/g;
    pattern.lastIndex = 3;
    assert.equal((roundTrip(pattern) as RegExp).lastIndex, 3);
  });

  test("is text that SQLite gives back byte for byte", () => {
    const value = { text: "a\u0000b\ud800c\u2028", "\u0000": "\udfff", emoji: "🧵" };
    const text = JSON.stringify(encodeValue(value));
    using database = new DatabaseSync(":memory:");
    database.exec("create table t (body text)");
    database.prepare("insert into t values (?)").run(text);
    const [row] = database.prepare("select body from t").all();

    assert.ok(text.isWellFormed());
    assert.ok(!text.includes("\u0000"), "PostgreSQL takes no NUL in a text");
    assert.equal(row?.body, text);
    assert.deepStrictEqual(decodeValue(JSON.parse(text) as Json), value);
  });

  test("may be nested a thousand levels deep, in the forms that need most", () => {
    let arrays: unknown = 1;
    let maps: unknown = 1;
    let errors: unknown = 1;
    for (let level = 0; level < 999; level += 1) {
      arrays = [arrays, undefined];
      maps = new Map([[1, maps]]);
      errors = new Error("outer", { cause: errors });
    }
    for (const value of [arrays, maps, errors]) {
      const text = JSON.stringify(encodeValue(value));
      assert.equal(JSON.stringify(encodeValue(decodeValue(JSON.parse(text) as Json))), text);
    }
  });
});

describe("a value that is refused", () => {
  test("is refused with the path, what stands there and what to do", () => {
    const { path, message } = refused({ items: [0, 1, 2, { when: () => 1 }] });

    assert.equal(path, "$.items[3].when");
    assert.equal(
      message,
      "A value cannot be kept: at $.items[3].when stands the function when. Return the data that it gives, or leave it out.",
    );
  });

  test("has a message that can be read however deep it stands; the data have the whole path", () => {
    let deep: unknown = () => 1;
    for (let level = 0; level < 900; level += 1) deep = { inner: deep };
    const { path, message } = refused(deep);

    assert.equal(path, `$${".inner".repeat(900)}`);
    assert.match(message, /^A value cannot be kept: at \$(\.inner){19}\.inne…(\.inner){10} stands the function deep\. Return/);
  });

  test("names itself in the sentence as the caller calls it", () => {
    assert.throws(() => encodeValue(Symbol("x"), { what: 'the result of step "charge"' }), {
      code: "VALUE_NOT_DURABLE",
      message: 'The result of step "charge" cannot be kept: at $ stands the symbol Symbol(x). Use a string in its place.',
    });
  });

  class Order {
    id = 1;
  }
  const withSymbol = { a: 1, [Symbol("tag")]: 2 };
  const named = Object.assign([1], { columns: ["a"] });
  const hidden = Object.defineProperty({}, "secret", { value: 1, enumerable: false });
  const cases: readonly [name: string, value: unknown, path: string, found: RegExp][] = [
    ["a function", { "two words": () => 1 }, '$["two words"]', /the function two words/],
    ["a symbol", [Symbol.iterator], "$[0]", /the symbol/],
    ["a symbol as key", { o: withSymbol }, "$.o", /Symbol\(tag\) as a key/],
    ["a symbol as an array's key", Object.assign([1], { [Symbol("tag")]: 1 }), "$", /Symbol\(tag\) as a key/],
    ["an instance of a class", { order: new Order() }, "$.order", /an instance of class Order/],
    ["an instance of a class made from Map", new (class Ledger extends Map<string, number> {})(), "$", /class Ledger/],
    ["an instance of a class made from Array", new (class Rows extends Array<number> {})(), "$", /class Rows/],
    ["a boxed number", { n: Object(1) }, "$.n", /class Number/],
    ["a promise", { p: Promise.resolve(1) }, "$.p", /a Promise/],
    ["a WeakMap", new WeakMap(), "$", /class WeakMap/],
    ["a generator", (function* () {})(), "$", /prototype of its own|Generator/],
    ["a hole", { a: [1, , 3] }, "$.a[1]", /a hole/],
    ["a hole hidden by a property", Object.assign([1, , 3], { x: 1 }), "$[1]", /a hole/],
    ["an array of four billion holes", Object.assign([], { length: 4_294_967_295 }), "$[0]", /a hole/],
    ["a property beside an array's elements", { rows: named }, "$.rows.columns", /beside its elements/],
    ["a hidden property", { a: hidden }, "$.a.secret", /hidden/],
    ["a property on a Date", Object.assign(new Date(0), { zone: "CET" }), "$.zone", /added to a Date/],
    ["a property on a Map", Object.assign(new Map(), { zone: "CET" }), "$.zone", /added to a Map/],
    ["a property on a pattern", Object.assign(/a/, { zone: "CET" }), "$.zone", /added to a RegExp/],
    ["shared memory", new Uint8Array(new SharedArrayBuffer(4)), "$", /shared between threads/],
    ["a resizable buffer", new ArrayBuffer(4, { maxByteLength: 8 }), "$", /resizable/],
    ["a value in a Map", new Map([["EUR", () => 1]]), '$.get("EUR")', /a function/],
    ["a value in a Map under an object", new Map([[{}, () => 1]]), "$.values()[0]", /a function/],
    ["a key of a Map", new Map([[Symbol("k"), 1]]), "$.keys()[0]", /symbol/],
    ["an item of a Set", { s: new Set([1, Symbol("k")]) }, "$.s.values()[1]", /symbol/],
    ["a field of an error", { e: Object.assign(new Error("x"), { request: new Order() }) }, "$.e.request", /class Order/],
    ["a cause of a cause", new Error("x", { cause: new Error("y", { cause: () => 1 }) }), "$.cause.cause", /the function/],
  ];
  for (const [name, value, path, found] of cases) {
    test(`${name} is refused at ${path}`, () => {
      const refusal = refused(value);
      assert.equal(refusal.path, path);
      assert.match(refusal.found, found);
    });
  }

  test("a cycle is refused with both of its ends", () => {
    const order: Record<string, unknown> = { id: 1 };
    order.lines = [{ of: order }];

    const { path, found } = refused({ order });
    assert.deepEqual([path, found], ["$.order.lines[0].of", "a reference back to $.order"]);
    const map = new Map<string, unknown>();
    map.set("self", map);
    assert.equal(refused(map).path, '$.get("self")');
    const error = new Error("x");
    error.cause = error;
    assert.equal(refused({ error }).path, "$.error.cause");
  });

  test("a throwing accessor is refused with its path and its error as cause, after one read", () => {
    let reads = 0;
    const reason = new Error("closed");
    const value = {
      a: {
        get body() {
          reads += 1;
          throw reason;
        },
      },
    };
    const { path, message, cause } = refused(value);

    assert.deepEqual([path, cause, reads], ["$.a.body", reason, 1]);
    assert.match(message, /closed/);
  });

  test("a throwing element of an array and a revoked proxy are refused where they stand", () => {
    const list = Object.defineProperty([1, 2], 1, {
      enumerable: true,
      get() {
        throw new Error("gone");
      },
    });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();

    assert.equal(refused({ list }).path, "$.list[1]");
    assert.equal(refused({ deep: [proxy] }).path, "$.deep[0]");
  });

  test("a value nested 100,000 deep is refused, whatever it is made of", () => {
    let objects: unknown = 1;
    let arrays: unknown = 1;
    let maps: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) {
      objects = { next: objects };
      arrays = [arrays];
      maps = new Map([[1, maps]]);
    }
    for (const value of [objects, arrays, maps]) assert.match(refused(value).found, /nested more than 1000 levels/);
  });

  test("a value larger than the limit is refused, to the byte", () => {
    fc.assert(
      fc.property(durableValue, (value) => {
        const bytes = Buffer.byteLength(JSON.stringify(encodeValue(value)));

        assert.deepStrictEqual(encodeValue(value, { maxBytes: bytes }), encodeValue(value));
        if (value !== undefined) assert.throws(() => encodeValue(value, { maxBytes: bytes - 1 }), { code: "VALUE_TOO_LARGE" });
      }),
      { numRuns: 500 },
    );
  });

  test("a small value that unfolds to an enormous one is refused in good time", () => {
    let plain: unknown = [1];
    let objects: unknown = {};
    let dated: unknown = new Date(0);
    for (let level = 0; level < 60; level += 1) {
      plain = [plain, plain];
      objects = { a: objects, b: objects };
      dated = { a: dated, b: dated };
    }
    assert.throws(() => encodeValue(plain, { maxBytes: 100_000 }), { code: "VALUE_TOO_LARGE", message: /more than 100,000 bytes/ });
    assert.throws(() => encodeValue(objects, { maxBytes: 100_000 }), { code: "VALUE_TOO_LARGE" });
    assert.throws(() => encodeValue(dated, { maxBytes: 100_000 }), { code: "VALUE_TOO_LARGE" });
  });
});

describe("JSON that is no encoded value", () => {
  const bad: readonly [json: Json, path: string][] = [
    [{ a: [{ $when: 1 }] }, "$.a[0].$when"],
    [{ $date: "soon" }, "$.$date"],
    [{ $date: 5 }, "$.$date"],
    [{ $bigint: "1.5" }, "$.$bigint"],
    [{ $number: "NAN" }, "$.$number"],
    [{ $undefined: false }, "$.$undefined"],
    [{ $map: [[1]] }, "$.$map"],
    [{ $map: { a: 1 } }, "$.$map"],
    [{ $set: 1 }, "$.$set"],
    [{ $regexp: ["(", ""] }, "$.$regexp"],
    [{ $url: "no address" }, "$.$url"],
    [{ $bytes: "###=" }, "$.$bytes"],
    [{ $bytes: "abc" }, "$.$bytes"],
    [{ $view: ["Float64Array", "AAAA"] }, "$.$view"],
    [{ $view: ["constructor", "AAAA"] }, "$.$view"],
    [{ $error: { message: "no name" } }, "$.$error"],
    [{ $error: { name: "E", message: "m", data: 5 } }, "$.$error"],
    [{ $escape: 1 }, "$.$escape"],
    [{ $bare: [1] }, "$.$bare"],
    [{ $map: [["k", { $nope: 1 }]] }, '$.$map.get("k").$nope'],
  ];
  for (const [json, path] of bad) {
    test(`is refused at ${path}: ${JSON.stringify(json)}`, () => {
      assert.throws(
        () => decodeValue(json),
        (error) => hasCode(error, "VALUE_UNREADABLE") && (error as HeddleError).data.path === path,
      );
    });
  }

  test("is refused when it is nested too deep to read", () => {
    const text = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    assert.throws(() => decodeValue(JSON.parse(text) as Json), { code: "VALUE_UNREADABLE" });
  });
});

function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== "object" || value === null) return found;
  found.add(value);
  for (const part of Object.values(value)) objectsIn(part, found);
  return found;
}
