import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Json } from "@heddle/kernel";
import { dag, open, type DagNode, type Merge } from "heddle";

const utf8 = new TextEncoder();

/** Runs left and right, which give these payloads, and a node that merges them. */
async function merged(merge: Merge, left: unknown, right: unknown): Promise<unknown> {
  await using engine = await open("memory:");
  const processors: DagNode[] = [
    { id: "right", processor: "right" },
    { id: "left", processor: "left" },
    { id: "meet", processor: "same", depends_on: ["left", "right"], merge },
  ];
  const code = {
    processors: {
      left: () => ({ payload: left }),
      right: () => ({ payload: right }),
      same: ({ payload }: { readonly payload: unknown }) => ({ payload }),
    },
    merges: {
      newest: (payloads: readonly { readonly id: string; readonly payload: unknown }[]) =>
        payloads.map(({ id, payload }) => `${id}=${String(payload)}`).join(),
    },
  };
  const { payload, outcomes } = await (await engine.start(dag({ failure_strategy: "continue_on_error", processors }, code), null)).result();
  return payload ?? outcomes["meet"]?.error;
}

const made: readonly (readonly [Merge, Json | Uint8Array, Json | Uint8Array, Json | Uint8Array])[] = [
  ["first", "l", "r", "l"],
  ["concatenate", "l", "r", "lr"],
  [{ type: "concatenate", separator: ", " }, "l", "r", "l, r"],
  [{ type: "concatenate", separator: "-" }, utf8.encode("ü"), "r", utf8.encode("ü-r")],
  ["json_merge", { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
  ["json_merge", { a: [1] }, { a: [1] }, { a: [1] }],
  ["json_merge", '{"a":1}', '{"b":2}', '{"a":1,"b":2}'],
  [
    { type: "json_merge", conflict: "take_first" },
    { a: 1, c: { x: 1 } },
    { a: 2, b: 3 },
    { a: 1, c: { x: 1 }, b: 3 },
  ],
  [{ type: "json_merge", conflict: "take_last" }, { a: 1 }, { a: 2 }, { a: 2 }],
  [
    { type: "json_merge", conflict: "merge" },
    { a: { x: 1 }, l: [1] },
    { a: { y: 2 }, l: [2] },
    { a: { x: 1, y: 2 }, l: [1, 2] },
  ],
  [{ type: "custom", use: "newest" }, "l", "r", "left=l,right=r"],
];

const refused: readonly (readonly [Merge, Json, Json, RegExp])[] = [
  ["json_merge", { a: { b: 1 } }, { a: { b: 2 } }, /"right" has another value at \/a;/],
  [{ type: "json_merge", conflict: "merge" }, { a: { b: 1 } }, { a: { b: 2 } }, /"right" has another value at \/a\/b;/],
  ["json_merge", "[1]", { a: 1 }, /the payload of "left" is no JSON object/],
  ["json_merge", { a: 1 }, "{", /the payload of "right" is text that is no JSON/],
  ["concatenate", "l", 3, /the payload of "right" is neither text nor bytes/],
];

describe("payloads that meet", () => {
  for (const [merge, left, right, expected] of made) {
    test(`${JSON.stringify(merge)} makes ${JSON.stringify(expected)} of ${JSON.stringify(left)} and ${JSON.stringify(right)}`, async () => {
      assert.deepEqual(await merged(merge, left, right), expected);
    });
  }
  for (const [merge, left, right, told] of refused) {
    test(`${JSON.stringify(merge)} refuses ${JSON.stringify(left)} and ${JSON.stringify(right)}, and names the node`, async () => {
      const error = (await merged(merge, left, right)) as { code: string; message: string };
      assert.equal(error.code, "DAG_MERGE_FAILED");
      assert.match(error.message, told);
      assert.match(error.message, /node "meet"/);
    });
  }

  test("keys of the user's own, __proto__ among them, are keys like any others", async () => {
    assert.equal(await merged("json_merge", '{"__proto__":{"x":1}}', '{"b":2}'), '{"__proto__":{"x":1},"b":2}');
    assert.equal(({} as { x?: number }).x, undefined);
  });
});
