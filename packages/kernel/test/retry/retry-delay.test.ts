import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mayRetry, retryDelayMs, validateRetryPolicy, type ErrorValue, type RetryPolicy } from "@heddle/kernel";
import fc from "fast-check";
import "../seeded.ts";

const error: ErrorValue = { name: "FetchError", code: "ECONNRESET", message: "reset" };
const five: RetryPolicy = { attempts: 5, initialMs: 100, factor: 3, maxMs: 1_000, jitter: "none" };

describe("the wait before the next attempt", () => {
  test("grows by the factor up to the cap", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 50].map((attempt) => retryDelayMs(five, attempt, 0.5)),
      [100, 300, 900, 1_000, 1_000],
    );
  });

  test("is one second, doubled, at most a minute, and jittered, when the policy says nothing", () => {
    const almost1 = 1 - 2 ** -53;
    assert.deepEqual(
      [1, 2, 3, 7, 2_000].map((attempt) => retryDelayMs({}, attempt, almost1)),
      [1_000, 2_000, 4_000, 60_000, 60_000],
    );
    assert.deepEqual(
      [0, 0.25, 0.5].map((random01) => retryDelayMs({}, 2, random01)),
      [0, 500, 1_000],
    );
  });

  test("is a whole number between 0 and the cap for every policy, attempt and draw", () => {
    const policies = fc.record(
      {
        initialMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
        factor: fc.double({ min: 1, max: 1e6, noNaN: true }),
        maxMs: fc.integer({ min: 0, max: 1e9 }),
        jitter: fc.constantFrom("full" as const, "none" as const),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (policy, attempt, random01) => {
          const delayMs = retryDelayMs(policy, attempt, random01);

          assert.ok(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= (policy.maxMs ?? 60_000), String(delayMs));
          assert.ok(retryDelayMs(policy, attempt + 1, random01) >= delayMs, "a later wait is not shorter for the same draw");
        },
      ),
    );
  });
});

describe("another attempt", () => {
  test("follows until the attempts are used up", () => {
    assert.deepEqual(mayRetry(five, 1, error, 0, 0), { retry: true, delayMs: 100 });
    assert.deepEqual(mayRetry(five, 4, error, 0, 0), { retry: true, delayMs: 1_000 });
    assert.deepEqual(mayRetry(five, 5, error, 0, 0), { retry: false, why: "attempt 5 of 5 failed" });
  });

  test("does not follow without a policy, or with one that names no attempts", () => {
    assert.equal(mayRetry(undefined, 1, error, 0, 0).retry, false);
    assert.equal(mayRetry({}, 1, error, 0, 0).retry, false);
  });

  test("never follows a final error", () => {
    assert.deepEqual(mayRetry({ ...five, only: ["ECONNRESET"] }, 1, { ...error, final: true }, 0, 0), {
      retry: false,
      why: "the error is marked as final",
    });
  });

  test("follows only listed errors, by code or by name", () => {
    for (const only of [["ECONNRESET"], ["FetchError"], ["X", "FetchError"]]) assert.ok(mayRetry({ ...five, only }, 1, error, 0, 0).retry);
    for (const only of [[], ["reset"], ["fetcherror"]]) assert.equal(mayRetry({ ...five, only }, 1, error, 0, 0).retry, false);
    assert.ok(mayRetry({ ...five, only: ["Error"] }, 1, { name: "Error", message: "" }, 0, 0).retry);
  });

  test("does not follow excepted errors, listed ones neither", () => {
    for (const except of [["ECONNRESET"], ["FetchError"]])
      assert.equal(mayRetry({ ...five, except, only: ["FetchError"] }, 1, error, 0, 0).retry, false);
    assert.ok(mayRetry({ ...five, except: ["Other"] }, 1, error, 0, 0).retry);
  });

  test("does not follow when it would start after the deadline", () => {
    assert.ok(mayRetry({ ...five, totalMs: 1_100 }, 1, error, 1_000, 0).retry);
    assert.deepEqual(mayRetry({ ...five, totalMs: 1_099 }, 1, error, 1_000, 0), {
      retry: false,
      why: "the next attempt would start after 1100 ms, later than the 1099 ms of the policy",
    });
  });
});

describe("a retry policy from outside", () => {
  test("is taken when every field is right", () => {
    const policy = { attempts: 3, initialMs: 0, factor: 1, maxMs: 0, jitter: "none", only: ["A"], except: [], totalMs: 5 };
    assert.equal(validateRetryPolicy(policy), policy);
    assert.deepEqual(validateRetryPolicy({}), {});
  });

  test("is refused with everything that is wrong with it", () => {
    const policy = {
      attempts: 0,
      initialMs: -1,
      factor: 0.5,
      maxMs: Number.NaN,
      jitter: "some",
      only: "A",
      except: [1],
      totalMs: "1s",
      backoff: 2,
    };
    assert.throws(
      () => validateRetryPolicy(policy, 'the retry policy of step "charge"'),
      (thrown: Error & { code?: string }) => {
        assert.equal(thrown.code, "OPTION_INVALID");
        assert.match(
          thrown.message,
          /^The retry policy of step "charge" cannot be used\. attempts is 0\. Make it a whole number, 1 or more, or leave it out\./,
        );
        for (const field of Object.keys(policy)) assert.ok(thrown.message.includes(field), field);
        return true;
      },
    );
    for (const attempts of [1.5, Number.POSITIVE_INFINITY, "3"])
      assert.throws(() => validateRetryPolicy({ attempts }), { code: "OPTION_INVALID" });
    for (const none of [null, 5, [], undefined]) assert.throws(() => validateRetryPolicy(none), { code: "OPTION_INVALID" });
  });
});
