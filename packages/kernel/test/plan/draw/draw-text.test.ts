import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan } from "@heddle/kernel";
import { drawAscii, drawDot, drawMermaid, drawSvg } from "@heddle/kernel/draw";
import { after, group, plan } from "../plan-parts.ts";

const drawn = plan(
  {
    a: after("a"),
    b: {
      does: { use: "check" },
      when: [
        {
          id: "b",
          after: [
            { from: "a", on: "ok", label: "late" },
            { from: "a", on: "failed" },
          ],
          join: "any",
          untaken: "wait",
        },
      ],
    },
    g: { ...group("x"), when: after("g", "b").when, title: 'Say "hi" \\ <now>' },
    x: { does: { plan: "child", version: "2" }, when: [{ id: "x", after: [], join: "all", untaken: "wait", idle: true }] },
    s: { does: { use: "s" }, when: [{ id: "s", at: { everyMs: 90_000, times: 2 } }] },
    n: { does: { use: "n" }, when: [{ id: "n", on: [{ slot: 0, type: "note", count: 3, where: { use: "urgent" } }], by: ["tenant"] }] },
  },
  { channels: { notes: { kind: "log", type: "note" } } },
) as Plan;

describe("a plan as text for other drawers", () => {
  test("is a Mermaid flowchart", () => {
    assert.equal(
      drawMermaid(drawn),
      `flowchart TB
  n6((" "))
  n0["a<br/><small>work</small>"]
  n1["b<br/><small>check</small><br/><small>any of 2</small>"]
  subgraph n2["Say #34;hi#34; #92; #60;now#62;<br/><small>policy all</small>"]
    n7((" "))
    n3[["x<br/><small>runs child 2</small>"]]
  end
  n8(["every 90s, 2 times"])
  n4["s"]
  n9[("note")]
  n5["n<br/><small>by tenant</small>"]
  n6 --> n0
  n0 -->|"late"| n1
  n0 -.->|"failed"| n1
  n1 --> n2
  n7 -->|"when idle"| n3
  n8 --> n4
  n9 -->|"3 where urgent"| n5
  linkStyle 2 stroke:#dc2626
`,
    );
  });

  test("is a Graphviz digraph, with groups as clusters that edges stop at", () => {
    const lines = drawDot(drawn)
      .split("\n")
      .map((line) => line.trim());
    for (const line of [
      'digraph "p" {',
      "subgraph cluster_2 {",
      'label="Say \\"hi\\" \\\\ <now>\\npolicy all"; style="rounded,dashed"; color="#64748b"; margin=12;',
      'n3 [peripheries=2, label="x\\nruns child 2"];',
      'n0 -> n1 [label=" late "];',
      'n0 -> n1 [label=" failed ", style=dashed, color="#dc2626", fontcolor="#dc2626"];',
      "n1 -> n2 [lhead=cluster_2];",
    ])
      assert.ok(lines.includes(line), line);
    assert.equal(lines.filter((line) => line.endsWith("{")).length, lines.filter((line) => line === "}").length);
  });

  test("names no node after what every object has", () => {
    const tricky = JSON.parse(
      '{"heddle":1,"name":"constructor","discipline":"eager","tasks":{"constructor":{"does":{"use":"toString"},"when":[]},"toString":{"does":{"use":"w"},"when":[{"id":"t","after":[{"from":"constructor","on":"ok"}],"join":"all","untaken":"wait"}]}}}',
    ) as Plan;
    for (const draw of [drawMermaid, drawDot, drawSvg, drawAscii]) assert.match(draw(tricky), /constructor[\s\S]*toString/, draw.name);
  });

  test("is drawn without recursion: groups 3,000 deep", () => {
    const deep = plan(
      Object.fromEntries(
        Array.from({ length: 3_000 }, (_, number) => [`t${number}`, number === 2_999 ? after("t") : group(`t${number + 1}`)]),
      ),
    ) as Plan;
    for (const draw of [drawMermaid, drawDot]) assert.ok(draw(deep).includes("t2999"));
  });

  test("of nothing is nothing", () => {
    for (const draw of [drawMermaid, drawDot, drawSvg, drawAscii]) assert.doesNotMatch(draw(plan({}) as Plan), /NaN|Infinity|undefined/);
  });
});
