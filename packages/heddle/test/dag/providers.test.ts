import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { dag, type DagNode, type Processor } from "heddle";

const processors: Record<string, Processor> = { pass: ({ payload }) => ({ payload }) };
const seed = 20_261_121;

/** By the definition, with the set of all ancestors of each node. */
function naive(nodes: readonly DagNode[]): { payloads: Record<string, string[]>; conflict: string | undefined } {
  const ancestors = new Map<string, Set<string>>();
  const payloads: Record<string, string[]> = {};
  const provides = ({ intent, merge }: DagNode): boolean => intent !== "analyze" || merge !== undefined;
  for (const node of nodes) {
    const above = new Set((node.depends_on ?? []).flatMap((id) => [id, ...(ancestors.get(id) ?? [])]));
    ancestors.set(node.id, above);
    const providers = nodes.filter((each) => above.has(each.id) && provides(each)).map(({ id }) => id);
    const lowest = providers.filter((id) => !providers.some((other) => ancestors.get(other)?.has(id) === true));
    if (lowest.length > 1 && node.merge === undefined) return { payloads, conflict: node.id };
    payloads[node.id] = lowest;
  }
  return { payloads, conflict: undefined };
}

const graph = fc.array(
  fc.record({
    after: fc.array(fc.nat(5), { maxLength: 4 }),
    analyze: fc.boolean(),
    merge: fc.integer({ min: 0, max: 2 }).map((n) => n === 0),
  }),
  { maxLength: 24 },
);

describe("where payloads come from", () => {
  test("is what the definition says, on random graphs, and so is the first conflict", () => {
    let conflicts = 0;
    let merged = 0;
    fc.assert(
      fc.property(graph, (drawn) => {
        const nodes = drawn.map(({ after, analyze, merge }, index): DagNode => {
          const above = [...new Set(after.map((back) => index - 1 - back).filter((each) => each >= 0))];
          return {
            id: `n${index}`,
            processor: "pass",
            depends_on: above.map((each) => `n${each}`),
            ...(analyze ? { intent: "analyze" as const } : null),
            ...(merge ? { merge: "first" as const } : null),
          };
        });
        const expected = naive(nodes);
        const { faults } = dag.validate({ processors: nodes }, { processors });
        if (expected.conflict !== undefined) {
          conflicts += 1;
          assert.ok(
            faults.some(({ message }) => message.startsWith(`Node "${expected.conflict}" would get`)),
            JSON.stringify({ expected, faults }),
          );
          return;
        }
        assert.deepEqual(faults, []);
        const { payloads } = dag({ processors: nodes }, { processors }).analyze();
        const sorted = Object.fromEntries(Object.entries(payloads).map(([id, from]) => [id, [...from].sort()]));
        assert.deepEqual(sorted, Object.fromEntries(Object.entries(expected.payloads).map(([id, from]) => [id, from.sort()])));
        if (Object.values(payloads).some(({ length }) => length > 1)) merged += 1;
      }),
      { numRuns: 3_000, seed },
    );
    assert.ok(conflicts > 100 && merged > 100, `${conflicts} conflicts, ${merged} merged`);
  });

  const large: readonly (readonly [name: string, nodes: () => DagNode[]])[] = [
    ["a chain of 100,000 transforms", () => chain(100_000, () => ({}))],
    [
      "a chain of 100,000 with an analyzer between any two",
      () => chain(100_000, (index) => (index % 2 === 0 ? {} : { intent: "analyze" })),
    ],
    [
      "100,000 side by side that meet in one",
      () => [...Array.from({ length: 99_999 }, (_, index) => ({ id: `n${index}`, processor: "pass" })), joined(99_999)],
    ],
    [
      "20,000 diamonds one below the other, each with a merge",
      () =>
        Array.from({ length: 20_000 }, (_, index): DagNode[] => {
          const above = index === 0 ? [] : [`j${index - 1}`];
          return [
            { id: `l${index}`, processor: "pass", depends_on: above },
            { id: `r${index}`, processor: "pass", depends_on: above },
            { id: `j${index}`, processor: "pass", depends_on: [`l${index}`, `r${index}`], merge: "first" },
          ];
        }).flat(),
    ],
    ["12,540 nodes, 7,687 deep, with side ways", () => deep()],
  ];
  for (const [name, make] of large) {
    test(`is found for ${name}, without recursion`, () => {
      const nodes = make();
      const pipeline = dag({ processors: nodes }, { processors });
      assert.equal(Object.keys(pipeline.plan.tasks).length, nodes.length + 1);
      const { levels } = pipeline.analyze();
      assert.equal(levels.flat().length, nodes.length);
    });
  }

  test("a cycle of 100,000 nodes is found, and told in short", () => {
    const nodes = chain(100_000, () => ({}));
    nodes[0] = { ...nodes[0]!, depends_on: ["n99999"] };
    const { faults } = dag.validate({ processors: nodes }, { processors });
    assert.deepEqual(
      faults.map(({ code }) => code),
      ["cycle", "no-entry"],
    );
    assert.equal(faults[0]?.cycle?.length, 100_001);
    assert.ok((faults[0]?.message.length ?? 0) < 300);
  });
});

function chain(length: number, more: (index: number) => Partial<DagNode>): DagNode[] {
  return Array.from({ length }, (_, index) => ({
    id: `n${index}`,
    processor: "pass",
    depends_on: index === 0 ? [] : [`n${index - 1}`],
    ...more(index),
  }));
}

function joined(count: number): DagNode {
  return { id: "join", processor: "pass", depends_on: Array.from({ length: count }, (_, index) => `n${index}`), merge: "first" };
}

/** As deep as the history of a large project: a chain, and branches that leave it and come back. */
function deep(): DagNode[] {
  const nodes = chain(7_687, () => ({}));
  for (let index = 0; nodes.length < 12_540; index++) {
    const from = (index * 7) % 7_680;
    nodes.push({ id: `side${index}`, processor: "pass", intent: "analyze", depends_on: [`n${from}`] });
    const back = nodes[from + 2]!;
    if (index < 3_000) nodes[from + 2] = { ...back, depends_on: [...(back.depends_on ?? []), `side${index}`] };
  }
  return nodes;
}
