import assert from "node:assert/strict";
import { test } from "node:test";
import { commitFlushes, countFlushes } from "../src/flushes.ts";

test("flushes are told apart by their file, whichever thread and call they came from", () => {
  const text = [
    "101   fdatasync(22</tmp/a/heddle.db-wal>)     = 0",
    "102   fsync(22</tmp/a/heddle.db-wal>)         = 0",
    "102   fdatasync(22</tmp/a/heddle.db-wal> <unfinished ...>",
    "101   fsync(21</tmp/a/heddle.db>)             = 0",
    "102   <... fdatasync resumed>)                = 0",
    "102   fsync(23</tmp/a>)                       = 0",
    "102   +++ exited with 0 +++",
  ].join("\n");

  const flushes = countFlushes(text);

  assert.deepEqual(flushes, { log: 3, database: 1, other: 1 });
  assert.equal(commitFlushes(flushes), 1);
});
