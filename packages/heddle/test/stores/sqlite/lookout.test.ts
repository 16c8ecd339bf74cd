import assert from "node:assert/strict";
import { test } from "node:test";
import { Lookout } from "../../../src/stores/sqlite/lookout.ts";

test("while somebody waits the file is looked at before it would be otherwise", async () => {
  const first: string[] = [];
  const both = Promise.withResolvers<void>();
  const [usual, close] = ["usual", "close"].map(
    (name) =>
      new Lookout(async () => {
        first.push(name);
        if (new Set(first).size === 2) both.resolve();
      }, 250),
  );
  usual?.begin();
  close?.begin();
  close?.closely();
  const alive = setInterval(() => {}, 1_000);
  await both.promise;
  clearInterval(alive);
  usual?.end();
  close?.end();

  assert.equal(first[0], "close");
});

test("it looks again and again, one look after the other, also after one that failed", async () => {
  let under = 0;
  let count = 0;
  const enough = Promise.withResolvers<void>();
  const each = new Lookout(async () => {
    assert.equal(++under, 1);
    await new Promise((resolve) => setImmediate(resolve));
    under--;
    if (++count === 5) enough.resolve();
    throw new Error("not now");
  }, 1);
  each.begin();
  each.closely();
  const alive = setInterval(() => {}, 1_000);
  await enough.promise;
  clearInterval(alive);
  each.end();
});

test("one that has not begun keeps no timer, whoever waits", () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  new Lookout(() => Promise.resolve(), 1_000).closely();

  assert.equal(timers(), before);
});
