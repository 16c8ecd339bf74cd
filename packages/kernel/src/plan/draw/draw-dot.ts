import type { Plan } from "../plan.ts";
import { type DrawnNode, type Drawing, drawingOf } from "./drawing.ts";
import { walkNested } from "./nesting.ts";

/** A valid plan in the DOT language of Graphviz. The same plan gives the same text. */
export function drawDot(plan: Plan): string {
  const drawing = drawingOf(plan);
  const lines = [
    `digraph ${quoted(drawing.title)} {`,
    "  compound=true; rankdir=TB; fontname=Helvetica; fontsize=11; nodesep=0.35; ranksep=0.45;",
    '  node [shape=box, style=rounded, fontname=Helvetica, fontsize=11, height=0.4, margin="0.16,0.08"];',
    "  edge [fontname=Helvetica, fontsize=10, arrowsize=0.7];",
  ];
  const put = (depth: number, text: string): void => void lines.push(`${"  ".repeat(Math.min(depth, 8))}${text}`);
  walkNested(drawing, {
    node: (number, depth) => put(depth, `n${number} [${look(drawing.nodes[number] as DrawnNode)}];`),
    open(group, depth) {
      put(depth, `subgraph cluster_${group} {`);
      put(depth + 1, `label=${words(drawing.nodes[group] as DrawnNode)}; style="rounded,dashed"; color="#64748b"; margin=12;`);
      // DOT draws edges between nodes only: this one stands for the group.
      put(depth + 1, `n${group} [shape=point, style=invis, width=0.01, height=0.01, label=""];`);
    },
    close: (_, depth) => put(depth, "}"),
  });
  for (const { from, to, label, on } of drawing.edges) {
    const attributes = [
      ...(label === "" ? [] : [`label=${quoted(` ${label} `)}`]),
      ...(on === "ok" ? [] : ["style=dashed"]),
      ...(on === "failed" ? ['color="#dc2626"', 'fontcolor="#dc2626"'] : []),
      ...(isCluster(drawing, from) ? [`ltail=cluster_${from}`] : []),
      ...(isCluster(drawing, to) ? [`lhead=cluster_${to}`] : []),
    ];
    put(1, `n${from} -> n${to}${attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`};`);
  }
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

function isCluster({ nodes, homes }: Drawing, number: number): boolean {
  return nodes[number]?.kind === "group" && (homes.get(number)?.length ?? 0) > 0;
}

function look(node: DrawnNode): string {
  const label = `label=${words(node)}`;
  if (node.kind === "start") return 'shape=circle, style=filled, fillcolor=black, width=0.14, height=0.14, fixedsize=true, label=""';
  if (node.kind === "end") return 'shape=doublecircle, style=filled, fillcolor=black, width=0.1, height=0.1, fixedsize=true, label=""';
  if (node.kind === "clock") return `shape=plain, style="", fontcolor="#475569", ${label}`;
  if (node.kind === "artifacts") return `shape=cylinder, style="", color="#64748b", ${label}`;
  return node.kind === "child" || node.kind === "group" ? `peripheries=2, ${label}` : label;
}

function words({ label, notes }: DrawnNode): string {
  return quoted([label, ...notes].join("\n"));
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
