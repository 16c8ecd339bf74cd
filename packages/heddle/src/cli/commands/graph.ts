import type { Plan } from "@heddle/kernel";
import { type Command, exitCode } from "../command.ts";
import { planOf } from "../definition-plan.ts";
import { loadDefinition } from "../load-definition.ts";
import { readArguments, usage } from "../read-arguments.ts";
import type { Style } from "../text/style.ts";
import { validPlan } from "./validate.ts";

type Drawings = typeof import("@heddle/kernel/draw");

const formats: Readonly<Record<string, (plan: Plan, style: Style, by: Drawings) => string>> = {
  mermaid: (plan, _, { drawMermaid }) => drawMermaid(plan),
  dot: (plan, _, { drawDot }) => drawDot(plan),
  svg: (plan, _, { drawSvg }) => drawSvg(plan),
  ascii: (plan, style, { drawAscii }) => drawAscii(plan, { plain: !style.unicode }),
};

const options = {
  format: { type: "string", value: "mermaid|dot|svg|ascii", says: "Default: mermaid", short: "f" },
} as const;

export const graph: Command = {
  name: "graph",
  summary: "Draw a plan: Mermaid, DOT, SVG or plain characters",
  usage: "graph FILE[#export] [--format mermaid|dot|svg|ascii]",
  group: "Check",
  options,
  examples: [
    ["graph plan.json", "Mermaid text, which GitHub and many editors draw"],
    ["graph plan.json --format svg > plan.svg", "a picture"],
    ["graph plan.json -f ascii", "in this terminal"],
  ],
  notes: ["A durable function is one task: which steps it takes is known only as it runs, and show tells."],
  async run(io) {
    const { values, positionals } = readArguments(graph, options, io, { least: 1, most: 1 });
    const name = values.format ?? "mermaid";
    const draw = Object.hasOwn(formats, name) ? formats[name] : undefined;
    if (draw === undefined)
      throw usage(graph, `--format knows no ${JSON.stringify(values.format)}; it is one of ${Object.keys(formats).join(", ")}.`);
    const definition = await loadDefinition(positionals[0] ?? "", io);
    const plan = validPlan(planOf(definition), definition.source);
    // Loaded here: the other commands do without.
    io.out(draw(plan, io.style, await import("@heddle/kernel/draw")).replace(/\n$/u, ""));
    return exitCode.done;
  },
};
