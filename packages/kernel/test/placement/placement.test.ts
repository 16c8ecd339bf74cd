import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkCapabilities,
  checkQueue,
  claimTerms,
  nodeStatus,
  placementText,
  preferenceMs,
  readPlacement,
  whyNot,
  type Capabilities,
  type Placement,
} from "@heddle/kernel";

const small: Capabilities = { executors: ["wasm"], cpus: 2, memoryMb: 512, labels: { zone: "a" } };

const cases: readonly (readonly [Placement, string | null])[] = [
  [{}, null],
  [{ executors: [] }, null],
  [{ executors: ["wasm"] }, null],
  [{ executors: ["docker", "wasm"] }, 'has no executor "docker"'],
  [{ cpus: 2 }, null],
  [{ cpus: 3 }, "has 2 CPUs, and at least 3 are needed"],
  [{ cpus: { max: 2 } }, null],
  [{ cpus: { max: 1 } }, "has 2 CPUs, and at most 1 are needed"],
  [{ memoryMb: { equals: 512 } }, null],
  [{ memoryMb: { equals: 256 } }, "has 512 MB of memory, and exactly 256 are needed"],
  [{ memoryMb: { min: 500, max: 600 } }, null],
  [{ gpus: 0 }, null],
  [{ gpus: 1 }, "has 0 GPUs, and at least 1 are needed"],
  [{ gpus: { equals: 0 } }, null],
  [{ labels: { zone: "a" } }, null],
  [{ labels: { zone: ["b", "a"] } }, null],
  [{ labels: { zone: ["b", "c"] } }, "has the label zone=a, and zone=b or zone=c is needed"],
  [{ labels: { disk: "fast" } }, "has no label disk, and disk=fast is needed"],
  [{ labels: { toString: "fast" } }, "has no label toString, and toString=fast is needed"],
  [{ nodes: { forbid: ["node"] } }, "is forbidden by name"],
  [{ nodes: { forbid: ["other"], prefer: ["other"] }, maxPerNode: 1 }, null],
];

for (const [placement, reason] of cases) {
  test(`a node ${reason ?? "can take it"}: ${JSON.stringify(placement)}`, () => {
    assert.equal(whyNot(placement, small, "node"), reason);
    const kept = readPlacement(placementText(placement, "placement"));
    assert.equal(whyNot(kept, small, "node"), reason, "also as it is kept");
  });
}

test("what demands the same is one text, whatever the order in which it is written", () => {
  const one = placementText({ labels: { b: "2", a: ["y", "x", "y"] }, executors: ["q", "p"], gpus: 1, nodes: { prefer: [] } }, "placement");
  const other = placementText({ gpus: { min: 1 }, executors: ["p", "q", "p"], labels: { a: ["x", "y"], b: ["2"] } }, "placement");
  assert.equal(one, other);
  for (const nothing of [undefined, null, {}, { executors: [], labels: {}, nodes: {} }])
    assert.equal(placementText(nothing, "placement"), null);
});

const wrong: readonly (readonly [unknown, RegExp])[] = [
  ["gpu", /^placement is "gpu": it must be an object/],
  [{ gpu: 1 }, /^placement\.gpu is 1: it must be left out: there are executors, cpus, memoryMb, gpus, labels, nodes, maxPerNode/],
  [{ executors: "docker" }, /^placement\.executors is "docker": it must be a list of names/],
  [{ executors: ["a b"] }, /^placement\.executors/],
  [{ cpus: "4" }, /^placement\.cpus/],
  [{ cpus: -1 }, /^placement\.cpus is -1: it must be a number from 0/],
  [{ cpus: Number.NaN }, /^placement\.cpus is null/],
  [{ memoryMb: { least: 5 } }, /^placement\.memoryMb\.least/],
  [{ memoryMb: { min: 5, equals: 6 } }, /equals alone, or min and max/],
  [{ memoryMb: { min: 7, max: 6 } }, /a min that is not above its max/],
  [{ labels: { zone: [] } }, /^placement\.labels\.zone/],
  [{ labels: { zone: 1 } }, /^placement\.labels\.zone is 1: it must be a text or a list of texts/],
  [{ labels: { "": "a" } }, /^placement\.labels/],
  [{ nodes: { only: ["a"] } }, /^placement\.nodes\.only/],
  [{ nodes: { forbid: "a" } }, /^placement\.nodes\.forbid/],
  [{ maxPerNode: 0 }, /^placement\.maxPerNode is 0: it must be a whole number from 1/],
  [{ labels: { zone: "z".repeat(5_000) } }, /at most 4096/],
];

for (const [placement, message] of wrong) {
  test(`a placement is refused that says ${JSON.stringify(placement).slice(0, 60)}`, () => {
    assert.throws(() => placementText(placement, "placement"), { code: "OPTION_INVALID", message });
  });
}

test("queues and capabilities that cannot be meant are refused by name", () => {
  assert.equal(checkQueue("gpu", "queue"), "gpu");
  for (const queue of ["", "a b", 1, null])
    assert.throws(() => checkQueue(queue, "queue"), { code: "OPTION_INVALID", message: /^queue is/ });
  assert.deepEqual(checkCapabilities(small, "capabilities"), small);
  assert.throws(() => checkCapabilities({ gpu: 1 }, "capabilities"), { message: /^capabilities\.gpu is 1: it must be left out/ });
  assert.throws(() => checkCapabilities({ gpus: "1" }, "capabilities"), { message: /^capabilities\.gpus is "1"/ });
  assert.throws(() => checkCapabilities({ labels: { zone: ["a"] } }, "capabilities"), { message: /^capabilities\.labels\.zone/ });
});

test("a node takes runs of the queues that it serves, after a while where others are preferred, and not beyond a bound", () => {
  const lives = (node: string): boolean => node === "alive";
  const offer = { node: "here", queues: ["q"], capabilities: small };
  assert.equal(claimTerms("other", null, offer, lives), null);
  assert.equal(claimTerms("q", { gpus: 1 }, offer, lives), null);
  assert.deepEqual(claimTerms("q", null, offer, lives), { delayMs: 0, most: null });
  assert.deepEqual(claimTerms("q", { maxPerNode: 3, nodes: { prefer: ["alive"] } }, offer, lives), { delayMs: preferenceMs, most: 3 });
  assert.deepEqual(claimTerms("q", { nodes: { prefer: ["dead"] } }, offer, lives), { delayMs: 0, most: null });
  assert.deepEqual(claimTerms("q", { nodes: { prefer: ["alive", "here"] } }, offer, lives), { delayMs: 0, most: null });
});

test("a node is live, stale when it has missed more than half of its lease, and dead when it has missed all of it", () => {
  const row = { node: "n", info: "{}", seenAtMs: 1_000, untilMs: 2_000, diedAtMs: null, leftAtMs: null, owned: 0, duties: [] };
  assert.deepEqual(
    [1_500, 1_501, 2_000, 2_001].map((nowMs) => nodeStatus(row, nowMs)),
    ["live", "stale", "stale", "dead"],
  );
  assert.equal(nodeStatus({ ...row, untilMs: null, diedAtMs: 2_001 }, 1_500), "dead");
  assert.equal(nodeStatus({ ...row, untilMs: null, leftAtMs: 1_200 }, 1_500), "left");
  assert.equal(nodeStatus({ ...row, seenAtMs: null, untilMs: null }, 9_000), "live");
});
