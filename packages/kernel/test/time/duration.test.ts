import assert from "node:assert/strict";
import { test } from "node:test";
import { durationMs } from "@heddle/kernel";

test("a duration is milliseconds, or text with units, largest first", () => {
  const cases: readonly [number | string, number][] = [
    [0, 0],
    [250, 250],
    ["250ms", 250],
    ["0s", 0],
    ["10s", 10_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["1h30m", 5_400_000],
    ["1w2d3h4m5s6ms", 604_800_000 + 172_800_000 + 10_800_000 + 240_000 + 5_000 + 6],
    ["1.5h", 5_400_000],
    ["1.1h", 3_960_000],
    ["0.1s", 100],
    ["1m1ms", 60_001],
  ];
  for (const [duration, milliseconds] of cases) assert.equal(durationMs(duration), milliseconds, String(duration));
});

test("a part of a millisecond counts as a whole one", () => {
  assert.deepEqual([durationMs(0.2), durationMs("0.5ms"), durationMs(2.0001)], [1, 1, 3]);
});

test("nonsense is refused with the name of the option and the forms that are right", () => {
  const nonsense = [
    "",
    " ",
    "5",
    "-5s",
    "5 s",
    "5S",
    "s",
    "1m1h",
    "1s1s",
    "1e3s",
    "tomorrow",
    "1.s",
    ".5s",
    "NaN",
    Number.NaN,
    -1,
    -0.1,
    Number.POSITIVE_INFINITY,
    1e16,
    "999999999w",
    null,
    undefined,
    {},
    true,
  ];
  for (const value of nonsense) assert.throws(() => durationMs(value as number), { code: "OPTION_INVALID" }, JSON.stringify(value));
  assert.throws(() => durationMs("5 minutes", 'the timeout of step "charge"'), {
    message:
      'The timeout of step "charge" is "5 minutes". Give milliseconds as a number from 0, or text such as "250ms", "10s", "1h30m", "2d", "1w".',
  });
});
