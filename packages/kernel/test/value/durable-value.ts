import fc from "fast-check";

/** Any text that JavaScript can hold: lone surrogates, NUL and all. */
export const anyText = fc.string({
  unit: fc.oneof(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), fc.constantFrom("\ud800", "\udfff", "\u0000", "$", "\u2028")),
});

const anyKey = fc.oneof(
  { weight: 4, arbitrary: anyText },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "$date", "$escape", "$undefined", "constructor", "toString", "length", "0") },
);

const anyNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, Number.MIN_VALUE),
);

/** An object whose keys are own data properties, `__proto__` too. */
export function objectOf(entries: readonly (readonly [string, unknown])[], prototype: object | null = Object.prototype): object {
  const object = Object.create(prototype) as object;
  for (const [key, value] of entries) Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  return object;
}

const bytes = fc.uint8Array({ maxLength: 20 });
const viewTypes = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
] as const;

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, undefined, true, false),
  anyNumber,
  anyText,
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(/a+/giu, /\//, /(?<year>\d{4})/y),
  fc.webUrl().map((url) => new URL(url)),
  bytes.map((part) => part.slice().buffer),
  bytes.map((part) => new DataView(part.slice().buffer)),
  bytes.map((part) => Buffer.from(part)),
  fc
    .tuple(fc.constantFrom(...viewTypes), fc.uint8Array({ minLength: 16, maxLength: 16 }))
    .map(([type, part]) => new type(part.slice().buffer, 8)),
);

const errorTypes = [Error, TypeError, RangeError, SyntaxError, EvalError, URIError, ReferenceError] as const;

function errorOf(
  type: (typeof errorTypes)[number],
  message: string,
  cause: { readonly value: unknown } | null,
  fields: readonly (readonly [string, unknown])[],
): Error {
  const error = cause === null ? new type(message) : new type(message, { cause: cause.value });
  for (const [key, value] of fields) Object.defineProperty(error, key, { value, writable: true, enumerable: true, configurable: true });
  return error;
}

/** Values that the codec keeps, nested. */
export const durableValue: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown }>((tie) => {
  const entries = fc.uniqueArray(fc.tuple(anyKey, tie("any")), { maxLength: 4, selector: ([key]) => key });
  const fields = fc.uniqueArray(fc.tuple(fc.constantFrom("status", "data", "code", "final", "details", "$x"), tie("any")), {
    maxLength: 3,
    selector: ([key]) => key,
  });
  return {
    any: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("any"), { maxLength: 4 }),
      entries.map((list) => objectOf(list)),
      entries.map((list) => objectOf(list, null)),
      fc.array(fc.tuple(tie("any"), tie("any")), { maxLength: 3 }).map((list) => new Map(list)),
      fc.array(tie("any"), { maxLength: 3 }).map((list) => new Set(list)),
      fc
        .tuple(fc.constantFrom(...errorTypes), anyText, fc.option(fc.record({ value: tie("any") })), fields)
        .map(([type, message, cause, list]) => errorOf(type, message, cause, list)),
      fc.tuple(fc.array(tie("any"), { maxLength: 3 }), anyText).map(([errors, message]) => new AggregateError(errors, message)),
    ),
  };
}).any;

/** JSON values as any parser gives them. */
export const jsonValue = fc.jsonValue({ noUnicodeString: false });
