import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { hasCode, HeddleError, loadWorkload, readCommitDag, readWfFormat, workloadPlan, type WorkloadFault } from "heddle";

interface Spec {
  id: unknown;
  name: unknown;
  parents: unknown;
  children: unknown;
}

function task(id: string, parents: readonly string[] = [], children: readonly string[] = []): Spec {
  return { id, name: `kind of ${id}`, parents, children };
}

function wfFormat(tasks: readonly unknown[], runs: readonly unknown[], rest: object = {}): unknown {
  return {
    name: "sample",
    schemaVersion: "1.5",
    workflow: { specification: { tasks }, execution: { makespanInSeconds: 3, tasks: runs } },
    ...rest,
  };
}

const diamond = [task("a", [], ["b", "c"]), task("b", ["a"], ["d"]), task("c", ["a"], ["d"]), task("d", ["b", "c"])];
const runs = [
  { id: "d", runtimeInSeconds: 1.5 },
  { id: "a", runtimeInSeconds: 0, coreCount: 2, memoryInBytes: 5_000_000 },
  { id: "b", runtimeInSeconds: 1 },
  { id: "c", runtimeInSeconds: 2 },
];

function faultsOf(read: () => unknown): readonly (readonly [string, string])[] {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof HeddleError && hasCode(error, "WORKLOAD_INVALID"), String(error));
    const { faults } = error.data as unknown as { readonly faults: readonly WorkloadFault[] };
    for (const { message } of faults.slice(0, 20)) assert.ok(error.message.includes(message));
    return faults.map(({ code, path }) => [code, path]);
  }
  return [];
}

test("tasks, parents, times, cores and memory are read; times become milliseconds", () => {
  assert.deepEqual(readWfFormat(wfFormat(diamond, runs)), {
    name: "sample",
    makespanMs: 3_000,
    tasks: [
      { id: "a", name: "kind of a", parents: [], runtimeMs: 0, cores: 2, memoryBytes: 5_000_000 },
      { id: "b", name: "kind of b", parents: ["a"], runtimeMs: 1_000 },
      { id: "c", name: "kind of c", parents: ["a"], runtimeMs: 2_000 },
      { id: "d", name: "kind of d", parents: ["b", "c"], runtimeMs: 1_500 },
    ],
  });
});

test("every fault has its kind and its place", () => {
  const spec = "/workflow/specification/tasks";
  const cases: readonly (readonly [unknown, readonly (readonly [string, string])[]])[] = [
    [7, [["value", ""]]],
    [
      {},
      [
        ["version", "/schemaVersion"],
        ["missing-key", "/name"],
        ["missing-key", ""],
      ],
    ],
    [wfFormat(diamond, runs, { schemaVersion: "1.4" }), [["version", "/schemaVersion"]]],
    [wfFormat([{ id: "a", name: "a", parents: [] }], [{ id: "a", runtimeInSeconds: 1 }]), [["missing-key", `${spec}/0`]]],
    [wfFormat([{ ...task("a"), parents: [7] }], [{ id: "a", runtimeInSeconds: 1 }]), [["value", `${spec}/0/parents`]]],
    [
      wfFormat([task("a"), task("a")], [{ id: "a", runtimeInSeconds: 1 }]),
      [
        ["unmatched", `${spec}/1`],
        ["duplicate-id", `${spec}/1`],
      ],
    ],
    [wfFormat([task("a", ["z"])], [{ id: "a", runtimeInSeconds: 1 }]), [["unknown-task", `${spec}/0`]]],
    [wfFormat([task("a")], []), [["unmatched", `${spec}/0`]]],
    [wfFormat([], [{ id: "a", runtimeInSeconds: 1 }]), [["unmatched", "/workflow/execution/tasks"]]],
    [wfFormat([task("a")], [{ id: "a" }]), [["missing-key", "/workflow/execution/tasks/0"]]],
    [wfFormat([task("a")], [{ id: "a", runtimeInSeconds: -1 }]), [["value", "/workflow/execution/tasks/0/runtimeInSeconds"]]],
    [
      wfFormat(
        [task("a", [], ["b"]), task("b")],
        [
          { id: "a", runtimeInSeconds: 1 },
          { id: "b", runtimeInSeconds: 1 },
        ],
      ),
      [["children", spec]],
    ],
    [
      wfFormat(
        [task("a"), task("b", ["a"])],
        [
          { id: "a", runtimeInSeconds: 1 },
          { id: "b", runtimeInSeconds: 1 },
        ],
      ),
      [["children", `${spec}/1`]],
    ],
  ];
  for (const [value, faults] of cases)
    assert.deepEqual(
      faultsOf(() => readWfFormat(value)),
      faults,
      JSON.stringify(value).slice(0, 300),
    );
});

test("a circle is told as the way around it, also in a graph of 20,000 tasks one after the other", () => {
  assert.throws(
    () => readWfFormat(wfFormat([task("a", ["c"], ["b"]), task("b", ["a"], ["c"]), task("c", ["b"], ["a", "d"]), task("d", ["c"])], runs)),
    /circle: .*(a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)/,
  );
  const line = (id: number, parents: readonly number[]): string => JSON.stringify({ id, parents });
  const lines = Array.from({ length: 20_000 }, (_, id) => line(id, [id === 0 ? 19_999 : id - 1]));
  assert.deepEqual(
    faultsOf(() => readCommitDag(lines.join("\n"), "long")).map(([code]) => code),
    ["cycle"],
  );
  lines[0] = line(0, []);
  assert.equal(readCommitDag(lines.join("\n"), "long").tasks.length, 20_000);
});

test("a graph of commits has an object a line, and its faults the numbers of their lines", () => {
  assert.deepEqual(readCommitDag('{"id":0,"parents":[]}\n\n{"id":1,"t":5,"parents":[0,0]}\n', "commits").tasks, [
    { id: "c0", name: "commit", parents: [], runtimeMs: 1 },
    { id: "c1", name: "commit", parents: ["c0"], runtimeMs: 1 },
  ]);
  assert.deepEqual(
    faultsOf(() => readCommitDag('{"id":0,"parents":[]}\nno\n{"id":-1,"parents":[]}\n{"id":2}\n{"id":0,"parents":[9]}', "commits")),
    [
      ["syntax", "/2"],
      ["value", "/3"],
      ["missing-key", "/4"],
      ["duplicate-id", "/5"],
      ["unknown-task", "/5"],
    ],
  );
});

test("files are read plain and packed, and told what is wrong with them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-workload-"));
  try {
    const write = (name: string, content: string | Buffer): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const text = JSON.stringify(wfFormat(diamond, runs));
    const plain = await loadWorkload(write("w.json", text));
    assert.deepEqual(await loadWorkload(write("w.json.gz", gzipSync(text))), plain);
    assert.equal((await loadWorkload(write("commits.jsonl.gz", gzipSync('{"id":0,"parents":[]}')))).name, "commits");
    await assert.rejects(
      loadWorkload(write("bad.json", "{")),
      (error) => hasCode(error, "WORKLOAD_INVALID") && /bad\.json.*\n.*no JSON/.test(String(error)),
    );
    await assert.rejects(
      loadWorkload(write("bad.json.gz", "plain")),
      (error) => hasCode(error, "WORKLOAD_INVALID") && /unpacked/.test(String(error)),
    );
    await assert.rejects(loadWorkload(join(folder, "none.json")), (error) => hasCode(error, "FILE_UNKNOWN"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("ids become those that a plan can have, and two that would become the same are refused", () => {
  const tasks = (ids: readonly string[]) =>
    ids.map((id) => ({ id, name: "n", parents: ids[0] === id ? [] : [ids[0] as string], runtimeMs: 5 }));
  const { plan, tasks: demands } = workloadPlan({ name: "w #1", tasks: tasks(["#a", "b#2", "-c"]) });
  assert.equal(plan.name, "w::1");
  assert.deepEqual(Object.keys(plan.tasks), ["_:a", "b:2", "_-c"]);
  assert.deepEqual(
    plan.tasks["_-c"]?.when.flatMap((trigger) => ("after" in trigger ? trigger.after.map(({ from }) => from) : [])),
    ["_:a"],
  );
  assert.deepEqual(demands["b:2"], { expectedMs: 5 });
  assert.throws(
    () => workloadPlan({ name: "w", tasks: tasks(["a#b", "a:b"]) }),
    (error) => hasCode(error, "WORKLOAD_INVALID") && /"a#b" and "a:b"/.test(error instanceof Error ? error.message : ""),
  );
});
