import type { NodeSummary } from "../../engine/engine.ts";
import { type Command, exitCode } from "../command.ts";
import type { Io } from "../io.ts";
import { lookInto } from "../look-into.ts";
import { readArguments } from "../read-arguments.ts";
import { storeOption, storeUrl } from "../store-location.ts";
import { formatRelative } from "../text/format-time.ts";
import { fitLine, formatLine, type Line, padEnd } from "../text/line.ts";
import type { Glyphs, Tone } from "../text/style.ts";
import { textWidth } from "../text/text-width.ts";

const options = {
  store: storeOption,
  json: { type: "boolean", says: "One JSON object per node" },
} as const;

/** Nodes that died are shown for as long as those that left are known. */
const shownMs = 24 * 3_600_000;

export const nodes: Command = {
  name: "nodes",
  summary: "List the processes that run runs: what they serve, offer and do for all",
  usage: "nodes [options]",
  group: "Look",
  options,
  examples: [
    ["nodes", "those that live, and who left or died within a day"],
    ["nodes --json | jq -r 'select(.status == \"live\").name'", "for another program"],
  ],
  notes: [
    "live: gave a sign of life. stale: missed more than half of its lease. dead: all of it. left: closed in order.",
    "Behind its queues: what a node does for all, such as retention.",
  ],
  async run(io) {
    const { values } = readArguments(nodes, options, io, { least: 0, most: 0 });
    const found = await lookInto(storeUrl(values.store, io), io, "nodes", (engine) => engine.nodes());
    if (found === null) return exitCode.done;
    const sinceMs = io.clock.nowMs() - shownMs;
    const shown = found.filter(({ goneAtMs }) => goneAtMs === undefined || goneAtMs >= sinceMs);
    if (values.json) for (const node of shown) io.out(JSON.stringify(node));
    else io.out(shown.length === 0 ? "No nodes." : nodeTable(shown, io).join("\n"));
    return exitCode.done;
  },
};

/** Nodes as lines: name, status, runs, last sign of life, queues, duties, what they offer, workflows. The last is cut off where there is no room. */
function nodeTable(list: readonly NodeSummary[], io: Pick<Io, "screen" | "style" | "clock">): readonly string[] {
  const nowMs = io.clock.nowMs();
  const columns = (io.screen?.columns ?? 160) - 1;
  const rows = list.map((node) => ({
    node,
    runs: `${node.runs}/${node.concurrency} runs`,
    seen: node.heartbeatAtMs === undefined ? "" : formatRelative(node.heartbeatAtMs, nowMs),
    queues: node.queues.join(","),
  }));
  const width = (cells: readonly string[]): number => Math.max(...cells.map(textWidth));
  const names = width(list.map(({ name }) => name));
  const states = width(list.map(({ status }) => status));
  const runs = width(rows.map((row) => row.runs));
  const seen = width(rows.map((row) => row.seen));
  const queues = width(rows.map((row) => row.queues));
  const duties = width(list.map((node) => node.duties.join(",")));
  return rows.map(({ node, ...row }) => {
    const [icon, tone] = nodeIcon(node.status, io.style.glyphs);
    const line: Line = [
      [`${icon} `, tone],
      [padEnd(node.name, names), "strong"],
      [`  ${padEnd(node.status, states)}`, tone],
      [`  ${padEnd(row.runs, runs)}`],
      [`  ${padEnd(row.seen, seen)}`, "dim"],
      [`  ${padEnd(row.queues, queues)}`],
      ...(duties === 0 ? [] : [[`  ${padEnd(node.duties.join(","), duties)}`] as const]),
      [`  ${[...offered(node), ...node.workflows].join(" ")}`, "dim"],
    ];
    return formatLine(fitLine(line, columns, io.style), io.style);
  });
}

function offered({ capabilities: { cpus, memoryMb, gpus, executors = [], labels = {} } }: NodeSummary): readonly string[] {
  return [
    ...(cpus === undefined ? [] : [`cpus=${cpus}`]),
    ...(memoryMb === undefined ? [] : [`memory=${memoryMb}MB`]),
    ...(gpus === undefined ? [] : [`gpus=${gpus}`]),
    ...executors.map((name) => `executor=${name}`),
    ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
  ];
}

function nodeIcon(status: NodeSummary["status"], glyphs: Glyphs): readonly [string, Tone] {
  switch (status) {
    case "live":
      return [glyphs.bullet, "good"];
    case "stale":
      return [glyphs.warn, "warn"];
    case "dead":
      return [glyphs.failed, "bad"];
    case "left":
      return [glyphs.skipped, "dim"];
    default:
      return status satisfies never;
  }
}
