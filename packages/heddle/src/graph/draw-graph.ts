import type { Plan } from "@heddle/kernel";

export type Drawing = "mermaid" | "dot" | "ascii" | "svg";

/** Loaded when something is drawn: a process that runs graphs does without. */
export async function drawGraph(plan: Plan, as: Drawing): Promise<string> {
  const { drawAscii, drawDot, drawMermaid, drawSvg } = await import("@heddle/kernel/draw");
  switch (as) {
    case "mermaid":
      return drawMermaid(plan);
    case "dot":
      return drawDot(plan);
    case "ascii":
      return drawAscii(plan);
    case "svg":
      return drawSvg(plan);
    default:
      return as satisfies never;
  }
}
