import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dataFolder } from "../src/data-folder.ts";
import { PeersFolder } from "../src/peers-folder.ts";
import { NotMeasured } from "../src/sample.ts";

test("where the peers' folder is missing, a peer cannot be measured, and nothing is made or installed", async () => {
  using folder = dataFolder();
  const told: string[] = [];
  const peers = new PeersFolder(join(folder.path, "shared", "bench-peers"), (text) => told.push(text), join(folder.path, "working"));

  for (const contestant of [peers.driven("Effect", "effect", "effect"), peers.own("XState", "xstate", ["W1"], () => undefined)]) {
    assert.equal(contestant.optional, true);
    await assert.rejects(
      contestant.sample(),
      (error) =>
        error instanceof NotMeasured &&
        error.message === "the peers' folder (shared/bench-peers beside the repository) is not on this machine",
    );
  }
  assert.deepEqual(told, []);
  assert.equal(existsSync(join(folder.path, "working")), false);
});
