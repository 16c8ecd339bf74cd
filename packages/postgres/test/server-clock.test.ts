import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonicMs, ServerClock } from "../src/server-clock.ts";

const hourMs = 3_600_000;

/** What the clock tells beyond the monotonic one, rounded. */
function offset(clock: ServerClock): number {
  return Math.round((clock.nowMs() - monotonicMs()) / 1_000) * 1_000;
}

test("a store's time is its server's, whatever the time is here", () => {
  const clock = new ServerClock();
  clock.heard(5 * hourMs, 1_000, 1_010);

  assert.equal(offset(clock), 5 * hourMs - 1_000);
});

test("an answer that may fit what is known changes nothing; one that cannot, does", () => {
  const clock = new ServerClock();
  clock.heard(100_000, 1_000, 1_000);
  // Five seconds under way: it was asked for at any moment in between.
  clock.heard(106_000, 3_000, 8_000);
  assert.equal(offset(clock), 99_000);
  // The same, and it can only have been answered at once: the process stood still before it heard.
  clock.heard(102_001, 3_000, 60_000);
  assert.equal(offset(clock), 99_000);
  // The server's clock was set, or another server took its place.
  clock.heard(200_000, 10_000, 10_010);

  assert.equal(offset(clock), 190_000);
});

test("a first guess that was too late is put right without a step back, and a server whose time is set back is followed", () => {
  const clock = new ServerClock();
  const began = monotonicMs();
  // Half a second under way: it may be as much as a quarter of a second wrong.
  clock.heard(hourMs + began, began - 500, began);
  const told = clock.nowMs();
  clock.heard(hourMs + began, began, began);
  for (let look = 0; look < 100; look++) assert.ok(clock.nowMs() >= told);
  clock.heard(2 * hourMs + began, began, began);
  assert.equal(offset(clock), 2 * hourMs);
  clock.heard(hourMs + began, began, began);
  assert.equal(offset(clock), hourMs);
});
