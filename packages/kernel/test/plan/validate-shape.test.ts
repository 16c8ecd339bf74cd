import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { after, only, plan, work } from "./plan-parts.ts";

describe("a plan's shape", () => {
  const cases: readonly [name: string, plan: unknown, path: string, code: string, message: RegExp][] = [
    ["nothing", undefined, "", "value", /The plan is absent/],
    ["a list", [], "", "value", /The plan is a list/],
    ["another format", { ...(plan({}) as object), heddle: 2 }, "/heddle", "value", /"heddle" is 2/],
    ["no name", { heddle: 1, discipline: "eager", tasks: {} }, "", "missing-key", /The plan has no "name"/],
    ["a key that means nothing", plan({ a: { ...after("a"), retries: 3 } }), "/tasks/a/retries", "unknown-key", /"a" has a key "retries"/],
    ["another discipline", plan({}, { discipline: "lazy" }), "/discipline", "value", /"lazy"/],
    ["tasks as a list", plan([] as never), "/tasks", "value", /"tasks" is a list/],
    ["an id that is none", plan({ "a b": after("a") }), "/tasks/a b", "id", /"a b" is "a b"/],
    ["an id with a slash and a tilde", plan({ "a/b~c": after("a") }), "/tasks/a~1b~0c", "id", /"a\/b~c"/],
    [
      "an id that objects cannot hold",
      JSON.parse('{"heddle":1,"name":"p","discipline":"eager","tasks":{"__proto__":{"does":{"use":"w"},"when":[]}}}'),
      "/tasks/__proto__",
      "id",
      /__proto__/,
    ],
    ["an empty name", plan({}, { name: "" }), "/name", "id", /""/],
    ["a name of 129 characters", plan({}, { name: "x".repeat(129) }), "/name", "id", /xxx/],
    ["work of no kind", plan({ a: { does: {}, when: [] } }), "/tasks/a/does", "missing-key", /none of "use", "plan", "group"/],
    [
      "work of two kinds",
      plan({ a: { does: { use: "x", plan: "y" }, when: [] } }),
      "/tasks/a/does",
      "value",
      /"use", "plan", which exclude/,
    ],
    [
      "a trigger of no kind",
      plan({ a: { does: work, when: [{ id: "t" }] } }),
      "/tasks/a/when/0",
      "missing-key",
      /none of "after", "on", "at"/,
    ],
    [
      "a trigger without id",
      plan({ a: { does: work, when: [{ after: [], join: "all", untaken: "wait" }] } }),
      "/tasks/a/when/0",
      "missing-key",
      /no "id"/,
    ],
    [
      "a join of another kind",
      plan({ a: { does: work, when: [{ id: "t", after: [], join: "some", untaken: "wait" }] } }),
      "/tasks/a/when/0/join",
      "value",
      /"some"/,
    ],
    [
      "an idle that is false",
      plan({ a: { does: work, when: [{ id: "t", after: [], join: "all", untaken: "wait", idle: false }] } }),
      "/tasks/a/when/0/idle",
      "value",
      /false/,
    ],
    [
      "configuration that is not JSON",
      plan({ a: { does: { use: "x", with: { a: [1, () => 1] } }, when: [] } }),
      "/tasks/a/does/with",
      "not-json",
      /at \$\.a\[1\] in it stands/,
    ],
    [
      "configuration that is a cycle",
      plan({ a: { does: { use: "x", with: cyclic() }, when: [] } }),
      "/tasks/a/does/with",
      "not-json",
      /deep/,
    ],
    ["a schema that is none", plan({ a: { ...after("a"), input: "text" } }), "/tasks/a/input", "value", /"text"/],
    [
      "a retry policy that is none",
      plan({ a: { ...after("a"), policy: { retry: { attempts: 0 } } } }),
      "/tasks/a/policy/retry/attempts",
      "retry-policy",
      /attempts is 0/,
    ],
    ["a timeout of nothing", plan({ a: { ...after("a"), policy: { timeoutMs: 0 } } }), "/tasks/a/policy/timeoutMs", "value", /is 0/],
    ["a limit of nothing", plan({}, { limits: { activations: 0 } }), "/limits/activations", "value", /is 0/],
    ["a channel of no kind", plan({}, { channels: { c: {} } }), "/channels/c", "missing-key", /no "kind"/],
    ["a channel of another kind", plan({}, { channels: { c: { kind: "stack" } } }), "/channels/c/kind", "value", /"stack"/],
    ["a list that begins as none", plan({}, { channels: { c: { kind: "append", initial: 1 } } }), "/channels/c/initial", "value", /is 1/],
    ["a sum that begins as text", plan({}, { channels: { c: { kind: "sum", initial: "1" } } }), "/channels/c/initial", "value", /"1"/],
    [
      "an object that begins as a list",
      plan({}, { channels: { c: { kind: "put", initial: [] } } }),
      "/channels/c/initial",
      "value",
      /a list/,
    ],
    ["a fold without a reducer", plan({}, { channels: { c: { kind: "fold" } } }), "/channels/c", "missing-key", /"reducer"/],
    [
      "an initial value of a log",
      plan({}, { channels: { c: { kind: "log", type: "t", initial: 1 } } }),
      "/channels/c/initial",
      "unknown-key",
      /"initial"/,
    ],
    [
      "an interval of nothing",
      plan({ a: { does: work, when: [{ id: "t", at: { everyMs: 0 } }] } }),
      "/tasks/a/when/0/at/everyMs",
      "value",
      /is 0/,
    ],
    ["an output of two kinds", plan({ a: after("a") }, { output: { task: "a", channels: [] } }), "/output", "value", /exclude/],
  ];
  for (const [name, value, path, code, message] of cases) {
    test(`is refused: ${name}`, () => {
      const fault = only(value);
      assert.deepEqual([fault.path, fault.code], [path, code]);
      assert.match(fault.message, message);
      assert.match(fault.mend, /\.$/);
    });
  }

  function cyclic(): object {
    const value: Record<string, unknown> = {};
    value.self = value;
    return value;
  }
});
