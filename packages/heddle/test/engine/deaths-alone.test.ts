import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunEvent } from "@heddle/kernel";
import { HistoryReader } from "../../src/engine/frame/history.ts";

const started: RunEvent = { type: "task-started", atMs: 1, no: 1, task: "main" };
const crashed: RunEvent = { type: "run-crashed", atMs: 1, crashes: 1 };
const emitted: RunEvent = { type: "emitted", atMs: 1, of: 1, key: "k", name: "n" };
const elsewhere: RunEvent = { type: "emitted", atMs: 1, of: 2, key: "k", name: "n" };
const cancelled: RunEvent = { type: "cancel-requested", atMs: 1, reason: "enough" };

for (const [what, events, deaths] of [
  ["a death for each time that it was begun alone", [started, crashed, started, crashed], 2],
  ["no death before it was begun, or begun again", [crashed, started, crashed, crashed], 1],
  ["one for two beginnings with an orderly end between them", [started, started, crashed], 1],
  ["what others do takes nothing back", [started, elsewhere, crashed], 1],
  ["none once it has done something", [started, crashed, started, emitted, crashed], 0],
  ["none once it was told to stop", [started, cancelled, crashed], 0],
] as const) {
  test(`of code that was begun alone counts: ${what}`, () => {
    const reader = new HistoryReader(1, { number: 1, input: undefined });
    for (const [index, event] of events.entries()) reader.add(index + 1, event);

    assert.equal(reader.history().deathsAlone, deaths);
  });
}
