import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, type DagConfig, type DagFindings, type DagNode, type Processor } from "heddle";

const pass: Processor = ({ payload }) => ({ payload });
const processors = { pass };

/** Nodes by id with what they depend on; an id with a ? analyzes. */
function nodes(all: Readonly<Record<string, string>>, more: Readonly<Record<string, Partial<DagNode>>> = {}): DagNode[] {
  return Object.entries(all).map(([name, after]) => {
    const id = name.replace("?", "");
    return {
      id,
      processor: "pass",
      depends_on: after.split(" ").filter((each) => each !== ""),
      ...(name.endsWith("?") ? { intent: "analyze" as const } : null),
      ...more[id],
    };
  });
}

function check(
  all: Readonly<Record<string, string>>,
  more: Readonly<Record<string, Partial<DagNode>>> = {},
  rest: Partial<DagConfig> = {},
): DagFindings {
  return dag.validate({ processors: nodes(all, more), ...rest }, { processors, merges: { mine: () => 0 } });
}

function codes({ faults }: DagFindings): string[] {
  return faults.map(({ code, path }) => `${code} ${path}`);
}

describe("6 cycles", () => {
  const cycles = (all: Readonly<Record<string, string>>): (readonly string[] | undefined)[] =>
    check(all)
      .faults.filter(({ code }) => code === "cycle")
      .map(({ cycle }) => cycle);

  test("are told with their exact path in the order of running, the closing node repeated", () => {
    assert.deepEqual(cycles({ a: "b", b: "a" }), [["a", "b", "a"]]);
    assert.deepEqual(cycles({ a: "c", b: "a", c: "b" }), [["a", "b", "c", "a"]]);
  });

  test("of one node that depends on itself are cycles", () => {
    assert.deepEqual(cycles({ start: "", a: "start a" }), [["a", "a"]]);
  });

  test("inside a larger graph are found alone, and each of several", () => {
    const all = { in: "", a: "in", b: "a d", c: "b", d: "c", out: "d", x: "a y", y: "x", after: "y out" };
    assert.deepEqual(cycles(all), [
      ["b", "c", "d", "b"],
      ["x", "y", "x"],
    ]);
  });

  test("9 leave no entry point, which is an error of its own", () => {
    assert.deepEqual(codes(check({ a: "b", b: "a" })), ["cycle /processors/0/depends_on", "no-entry /processors"]);
  });
});

describe("7 references", () => {
  test("that nothing has are all told at once, with the nearest id", () => {
    const { faults } = check({ alpha: "", b: "alpah", c: "zzzzzzz b" });
    assert.deepEqual(
      faults.map(({ path, message, mend }) => [path, message, mend]),
      [
        ["/processors/1/depends_on/0", 'Node "b" depends on "alpah", which is not there.', 'Did you mean "alpha"?'],
        ["/processors/2/depends_on/0", 'Node "c" depends on "zzzzzzz", which is not there.', "Add the node, or take the reference out."],
      ],
    );
  });

  test("and duplicate ids are told together, before cycles, which are looked for once they are whole", () => {
    const twice = [...nodes({ a: "b", b: "a gone" }), ...nodes({ a: "" })];
    const { faults } = dag.validate({ processors: twice }, { processors });
    assert.deepEqual(
      faults.map(({ code }) => code),
      ["duplicate-id", "unknown-node"],
    );
    assert.match(faults[0]?.message ?? "", /"a": numbers 1 and 3/);
  });

  test("to one node twice are refused", () => {
    assert.deepEqual(codes(check({ a: "", b: "a a" })), ["value /processors/1/depends_on/1"]);
  });

  test("10 an unknown node as output is an error before anything runs", () => {
    assert.deepEqual(codes(check({ a: "" }, {}, { output: "b" })), ["unknown-node /output"]);
  });
});

describe("payloads by ancestry", () => {
  const payloads = (
    all: Readonly<Record<string, string>>,
    more: Readonly<Record<string, Partial<DagNode>>> = {},
  ): Readonly<Record<string, readonly string[]>> => dag({ processors: nodes(all, more) }, { processors }).analyze().payloads;

  test("come from the nearest transform, through analyzers, and from the input where there is none", () => {
    assert.deepEqual(payloads({ "e?": "", a: "e", "b?": "a", "c?": "b", d: "c", "f?": "e" }), {
      e: [],
      a: [],
      b: ["a"],
      c: ["a"],
      d: ["a"],
      f: [],
    });
  });

  test("of a transform that comes before another one do not meet it", () => {
    assert.deepEqual(payloads({ a: "", b: "a", "c?": "a", d: "c b a" })["d"], ["b"]);
    assert.deepEqual(payloads({ "e?": "", a: "", "d?": "e a" })["d"], ["a"]);
  });

  test("8 of parallel transforms are a conflict that names both, and a chain or a diamond of analyzers is none", () => {
    const { faults } = check({ s: "", left: "s", right: "s", join: "left right", below: "join right" });
    assert.deepEqual(
      faults.map(({ code, path, message }) => [code, path, message]),
      [
        [
          "payload-conflict",
          "/processors/3/depends_on",
          'Node "join" would get the payloads of "left" and "right", and neither comes before the other.',
        ],
      ],
    );
    for (const fine of [
      { a: "", b: "a", c: "b" },
      { a: "", b: "a" },
      { s: "", "l?": "s", "r?": "s", join: "l r" },
    ])
      assert.deepEqual(check(fine as unknown as Record<string, string>), { faults: [], warnings: [] });
  });

  test("8 that meet in a named merge are allowed, and warned of with their order", () => {
    const { faults, warnings } = check({ s: "", left: "s", right: "s", join: "right left" }, { join: { merge: "first" } });
    assert.deepEqual(faults, []);
    assert.deepEqual(warnings, [
      {
        code: "diamond",
        path: "/processors/3/merge",
        message: 'Payloads meet at "join": "right", "left". Its merge makes one of them, in this order.',
      },
    ]);
  });

  test("of a node with a merge are the merged one, whatever its intent", () => {
    const all = { s: "", l: "s", r: "s", "j?": "l r", after: "j l", "last?": "after r" };
    assert.deepEqual(payloads(all, { j: { merge: "concatenate" } }), {
      s: [],
      l: ["s"],
      r: ["s"],
      j: ["l", "r"],
      after: ["j"],
      last: ["after"],
    });
  });

  test("with a merge that has nothing to merge are warned of", () => {
    assert.deepEqual(
      check({ a: "", b: "a" }, { b: { merge: "first" } }).warnings.map(({ code }) => code),
      ["merge-unused"],
    );
  });
});

describe("nodes", () => {
  test("28 options are typed: what does not fit is told with node and key", () => {
    const { faults } = dag.validate(
      {
        processors: [
          { id: "fix", processor: "prefix_suffix_adder", options: { prefix: 3, sufix: "x" } },
          { id: "up", processor: "change_text_case_upper", options: { case: "lower" } },
          { id: "count", processor: "token_counter", options: { count_type: "word" } },
          { id: "rev", processor: "reverse_text", options: { deep: true } },
          { id: "own", processor: "pass", options: { list: [1, Number.NaN] } },
        ],
      },
      { processors },
    );
    assert.deepEqual(
      faults.map(({ message, mend }) => `${message} ${mend}`),
      [
        'Option "prefix" of node "fix" is 3. Make it a text.',
        'Option "sufix" of node "fix" means nothing. Did you mean "suffix"?',
        'Option "case" of node "up" is "lower". Make it "upper".',
        'Option "count_type" of node "count" is "word". Make it one of all, characters, words, lines.',
        'Option "deep" of node "rev" means nothing. reverse_text takes no options.',
        'The options of node "own" are not JSON: at $.list[1] stands NaN. Use null, booleans, finite numbers, text, lists and plain objects.',
      ],
    );
  });

  test("27 of a type that nothing runs are refused, and the code says so when that is all", () => {
    for (const type of ["wasm", "grpc", "http", "loadable"] as const)
      assert.throws(() => dag({ processors: [{ id: "a", type, module: "x", endpoint: "y" }] }), {
        code: "DAG_PROCESSOR_UNAVAILABLE",
        message: new RegExp(type),
      });
    assert.throws(() => dag({ processors: [{ id: "a", type: "wasm" }, { id: "b" }] }), { code: "DAG_INVALID" });
  });

  test("have nothing that would have no effect", () => {
    const found = codes(
      check(
        { a: "", b: "", c: "", d: "", e: "", f: "", g: "" },
        {
          a: { module: "x" },
          b: { pool: "io" },
          c: { resources: { cpu: 1 } },
          d: { merge: { type: "first", separator: "," } as never },
          e: { resources: { memory: 900 } },
          f: { timeout: "soon" },
          g: { merge: { type: "custom", use: "yours" } },
        },
        { pools: { gpu: 1 }, resources: { memory: 512 } },
      ),
    );
    assert.deepEqual(found, [
      "unknown-key /processors/0/module",
      "unknown-pool /processors/1/pool",
      "value /processors/2/resources/cpu",
      "unknown-key /processors/3/merge/separator",
      "value /processors/4/resources/memory",
      "value /processors/5/timeout",
      "unknown-processor /processors/6/merge/use",
    ]);
  });

  test("may not take the names of Heddle's own tasks, nor say otherwise what a built-in processor does", () => {
    assert.deepEqual(codes(check({ __result__: "" })), ["value /processors/0/id"]);
    assert.deepEqual(codes(dag.validate({ processors: [{ id: "a", processor: "token_counter", intent: "transform" }] })), [
      "value /processors/0/intent",
    ]);
  });

  test("11 a max_concurrency of 0 counts as 1, with a warning; pools that nobody uses are warned of", () => {
    const { faults, warnings } = check({ a: "" }, {}, { executor_options: { max_concurrency: 0 }, pools: { idle: 1 } });
    assert.deepEqual(faults, []);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["pool-unused", "concurrency-raised"],
    );
  });
});

describe("26 what is left out", () => {
  test("has defaults, also where only part of an object is given", () => {
    const { plan } = dag(
      { executor_options: { retry_attempts: 2 }, processors: nodes({ a: "", b: "a" }, { b: { timeout: "2s", retry: 1 } }) },
      { processors },
    );
    assert.equal(plan.name, "dag");
    assert.equal(plan.failure, "stop");
    assert.deepEqual(plan.tasks["a"]?.policy, { retry: { attempts: 3 } });
    assert.deepEqual(plan.tasks["b"]?.policy, { retry: { attempts: 1 }, attemptTimeoutMs: 2_000 });
    assert.equal(dag({ processors: [] }).plan.tasks["__result__"] !== undefined, true);
  });
});

describe("5 analysis", () => {
  test("levels, width and critical path of a mixed DAG are the expected ones", () => {
    const { levels, width, criticalPath } = dag(
      { processors: nodes({ a: "", "b?": "a", "c?": "a", d: "c", "e?": "", "f?": "d b e", "g?": "e" }) },
      { processors },
    ).analyze();
    assert.deepEqual(levels, [["a", "e"], ["b", "c", "g"], ["d"], ["f"]]);
    assert.equal(width, 3);
    assert.deepEqual(criticalPath, ["a", "c", "d", "f"]);
  });

  test("of nothing is nothing", () => {
    assert.deepEqual(dag({ processors: [] }).analyze(), { nodes: 0, levels: [], width: 0, criticalPath: [], payloads: {}, intents: {} });
  });
});
