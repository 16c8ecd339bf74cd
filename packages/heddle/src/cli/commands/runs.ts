import type { RunStatus } from "@heddle/kernel";
import type { ListRunsOptions, RunSummary } from "../../engine/engine.ts";
import { type Command, exitCode } from "../command.ts";
import type { Io } from "../io.ts";
import { lookInto } from "../look-into.ts";
import { readArguments, readCount, readPair, usage } from "../read-arguments.ts";
import { storeOption, storeUrl } from "../store-location.ts";
import { formatDuration, formatRelative } from "../text/format-time.ts";
import { fitLine, formatLine, type Line, padEnd, type Span } from "../text/line.ts";
import type { Glyphs, Tone } from "../text/style.ts";
import { printable, textWidth } from "../text/text-width.ts";

const statuses: readonly RunStatus[] = ["queued", "running", "waiting", "paused", "completed", "failed", "cancelled", "timed-out"];

const options = {
  status: {
    type: "string",
    value: "STATUS",
    says: `Only runs that are so: ${statuses.join(", ")}; more than once for several`,
    multiple: true,
  },
  workflow: { type: "string", value: "NAME", says: "Only runs of this workflow" },
  tag: { type: "string", value: "KEY=VALUE", says: "Only runs with this tag", multiple: true },
  limit: { type: "string", value: "COUNT", says: "At most so many, the newest. Default 20" },
  store: storeOption,
  json: { type: "boolean", says: "One JSON object per run" },
} as const;

export const runs: Command = {
  name: "runs",
  summary: "List runs, newest first",
  usage: "runs [--status STATUS] [--workflow NAME] [options]",
  group: "Look",
  options,
  examples: [
    ["runs", "the last 20"],
    ["runs --status waiting --status paused", "those that need somebody"],
    ["runs --json | jq -r .runId", "for another program"],
  ],
  async run(io) {
    const { values } = readArguments(runs, options, io, { least: 0, most: 0 });
    const status = (values.status ?? []).map((name) => readStatus(name));
    const limit = readCount(runs, "--limit", values.limit, 1) ?? 20;
    const filter: ListRunsOptions = {
      limit: limit + 1,
      ...(status.length > 0 ? { status } : null),
      ...(values.workflow === undefined ? null : { workflow: values.workflow }),
      ...(values.tag === undefined ? null : { tags: Object.fromEntries(values.tag.map((tag) => readPair(runs, "--tag", tag))) }),
    };
    const found = await listRuns(storeUrl(values.store, io), filter, io);
    if (found === null) return exitCode.done;
    const shown = found.slice(0, limit);
    if (values.json) for (const summary of shown) io.out(JSON.stringify(summary));
    else if (shown.length === 0) io.out("No runs.");
    else
      io.out([...runTable(shown, io), ...(found.length > limit ? [`The last ${limit}; --limit ${limit * 5} shows more.`] : [])].join("\n"));
    return exitCode.done;
  },
};

/** Runs of a store; null, and said so, where there is no store yet. */
export function listRuns(url: string, filter: ListRunsOptions, io: Io): Promise<readonly RunSummary[] | null> {
  return lookInto(url, io, "runs", (engine) => engine.list(filter));
}

/** Runs as lines: status, id, workflow, age, how long it took, why. Columns that find no room are left out, the last first. */
export function runTable(list: readonly RunSummary[], io: Pick<Io, "screen" | "style" | "clock">): readonly string[] {
  const nowMs = io.clock.nowMs();
  const columns = (io.screen?.columns ?? 160) - 1;
  const width = (cells: readonly string[]): number => Math.max(...cells.map(textWidth));
  const ids = width(list.map(({ runId }) => runId));
  const statusWidth = width(list.map(({ status }) => status));
  const ages = width(list.map(({ createdAtMs }) => formatRelative(createdAtMs, nowMs)));
  return list.map((summary) => {
    const [icon, tone] = statusIcon(summary.status, io.style.glyphs);
    const line: Line = [
      [`${icon} `, tone],
      [padEnd(summary.runId, ids), "strong"],
      [`  ${padEnd(summary.status, statusWidth)}`, tone],
      [`  ${padEnd(formatRelative(summary.createdAtMs, nowMs), ages)}`, "dim"],
      [`  ${summaryNote(summary, nowMs)}`, "dim"],
    ];
    return formatLine(fitLine(line, columns, io.style), io.style);
  });
}

export function statusIcon(status: RunStatus, glyphs: Glyphs): Span & readonly [string, Tone] {
  switch (status) {
    case "completed":
      return [glyphs.done, "good"];
    case "failed":
    case "timed-out":
      return [glyphs.failed, "bad"];
    case "cancelled":
      return [glyphs.skipped, "warn"];
    case "paused":
      return [glyphs.paused, "warn"];
    case "waiting":
      return [glyphs.wait, "info"];
    case "running":
      return [glyphs.bullet, "info"];
    case "queued":
      return [glyphs.bullet, "dim"];
    default:
      return status satisfies never;
  }
}

function summaryNote(summary: RunSummary, nowMs: number): string {
  const parts = [
    ...(summary.runId.startsWith(summary.workflow) ? [] : [`of ${summary.workflow}`]),
    ...(summary.queue === undefined ? [] : [`on ${summary.queue}`]),
    ...(summary.tenant === undefined ? [] : [`for ${summary.tenant}`]),
    ...(summary.endedAtMs === undefined ? [] : [`took ${formatDuration(summary.endedAtMs - summary.createdAtMs)}`]),
    ...(summary.wakeAtMs === undefined || summary.endedAtMs !== undefined || summary.wakeAtMs <= nowMs
      ? []
      : [`next ${formatRelative(summary.wakeAtMs, nowMs)}`]),
    ...(summary.note === undefined ? [] : [summary.note]),
  ];
  return printable(parts.join("  "));
}

function readStatus(name: string): RunStatus {
  const found = statuses.find((status) => status === name);
  if (found === undefined) throw usage(runs, `--status knows no ${JSON.stringify(name)}; it is one of ${statuses.join(", ")}.`);
  return found;
}
