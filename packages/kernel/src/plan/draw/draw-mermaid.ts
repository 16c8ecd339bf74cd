import type { Plan } from "../plan.ts";
import { type DrawnNode, drawingOf } from "./drawing.ts";
import { walkNested } from "./nesting.ts";

/** A valid plan as a Mermaid flowchart, which GitHub and many editors draw. The same plan gives the same text. */
export function drawMermaid(plan: Plan): string {
  const drawing = drawingOf(plan);
  const lines = ["flowchart TB"];
  const put = (depth: number, text: string): void => void lines.push(`${"  ".repeat(Math.min(depth, 8))}${text}`);
  walkNested(drawing, {
    node: (number, depth) => put(depth, `n${number}${shape(drawing.nodes[number] as DrawnNode)}`),
    open: (group, depth) => put(depth, `subgraph n${group}["${words(drawing.nodes[group] as DrawnNode)}"]`),
    close: (_, depth) => put(depth, "end"),
  });
  for (const { from, to, label, on } of drawing.edges) {
    put(1, `n${from} ${on === "ok" ? "-->" : "-.->"}${label === "" ? "" : `|"${escaped(label)}"|`} n${to}`);
  }
  const failed = drawing.edges.flatMap(({ on }, index) => (on === "failed" ? [index] : []));
  if (failed.length > 0) put(1, `linkStyle ${failed.join(",")} stroke:#dc2626`);
  return `${lines.join("\n")}\n`;
}

function shape(node: DrawnNode): string {
  if (node.kind === "start") return '((" "))';
  if (node.kind === "end") return '(((" ")))';
  const text = `"${words(node)}"`;
  if (node.kind === "clock") return `([${text}])`;
  if (node.kind === "artifacts") return `[(${text})]`;
  return node.kind === "child" || node.kind === "group" ? `[[${text}]]` : `[${text}]`;
}

function words({ label, notes }: DrawnNode): string {
  return [escaped(label), ...notes.map((note) => `<small>${escaped(note)}</small>`)].join("<br/>");
}

/** Characters that mean something to Mermaid, Markdown or HTML, as Mermaid's numbered entities. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} ._:,…-]/gu, (character) => `#${character.codePointAt(0)};`);
}
