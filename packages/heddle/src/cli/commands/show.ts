import type { RunSummary } from "../../engine/engine.ts";
import type { OperationView, RunView, TaskView } from "../../engine/run-view.ts";
import { openQuestions } from "../ask/open-question.ts";
import { questionLines } from "../ask/render-prompt.ts";
import { type Command, exitCode } from "../command.ts";
import type { Io } from "../io.ts";
import { fileTag, NextSteps, stepLines } from "../next-steps.ts";
import { errorText } from "../progress/render-progress.ts";
import { readArguments, readCount } from "../read-arguments.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";
import { formatDuration, formatMoment, formatRelative } from "../text/format-time.ts";
import { briefValue, plainJson, prettyValue } from "../text/format-value.ts";
import { fitLine, formatLine, type Line, padEnd } from "../text/line.ts";
import type { Style, Tone } from "../text/style.ts";
import { tinted } from "../text/style.ts";
import { printable, textWidth } from "../text/text-width.ts";
import { stackLines, thrownAt } from "../text/thrown-at.ts";
import { statusIcon } from "./runs.ts";

const options = {
  at: { type: "string", value: "SEQ", says: "As it was after this event; `events` shows their numbers" },
  output: { type: "boolean", says: "Only what the run returned, as JSON" },
  store: storeOption,
  json: { type: "boolean", says: "All of it as one JSON object" },
} as const;

/** Lines of an input or output that are shown; `--json` has all. */
const valueLines = 24;

/** Operations of one group that are listed one by one. */
const listed = 12;

export const show: Command = {
  name: "show",
  summary: "Show a run: what it did, what it waits for, what came out",
  usage: "show RUN [--at SEQ] [--output] [options]",
  group: "Look",
  options,
  examples: [
    ["show order-7", "the run as it is now"],
    ["show order-7 --at 12", "as it was after event 12"],
    ["show order-7 --output > report.json", "what it returned, whole"],
  ],
  async run(io) {
    const { values, positionals } = readArguments(show, options, io, { least: 1, most: 1 });
    const [runId = ""] = positionals;
    const at = readCount(show, "--at", values.at, 1);
    await using engine = await openToLook(storeUrl(values.store, io), io);
    const run = await engine.get(runId);
    const view = await run.state(at === undefined ? {} : { at });
    const summary = await run.summary();
    if (values.output) io.out(JSON.stringify(plainJson(view.output) ?? null, null, 2));
    else if (values.json)
      io.out(
        JSON.stringify({
          ...(plainJson(view) as object),
          tags: summary.tags,
          ...(summary.tenant === undefined ? null : { tenant: summary.tenant }),
          createdAtMs: summary.createdAtMs,
          ...(summary.version === undefined ? null : { version: summary.version }),
        }),
      );
    else io.out(describeRun(view, summary, at !== undefined, new NextSteps(io, values.store), io).join("\n"));
    return exitCode.done;
  },
};

// Where in the user's code it was thrown; with HEDDLE_DEBUG the whole stack.
function placeLines({ stack }: { readonly stack?: string }, io: Io): readonly Line[] {
  const place = thrownAt(stack, io.cwd);
  if (io.env.HEDDLE_DEBUG) return stackLines(stack).map((line): Line => [[printable(line), "dim"]]);
  return place === null ? [] : [[[`  at ${printable(place)}`, "dim"]]];
}

function describeRun(view: RunView, summary: RunSummary, past: boolean, steps: NextSteps, io: Io): readonly string[] {
  const { style } = io;
  const columns = (io.screen?.columns ?? 160) - 1;
  const [icon, tone] = statusIcon(view.status, style.glyphs);
  const lines: Line[] = [
    [
      [`${icon} `, tone],
      [view.runId, "strong"],
      [`  ${view.status}`, tone],
      [past ? `  after event ${view.seq}` : "", "dim"],
    ],
  ];
  const facts: (readonly [string, string])[] = [
    ["workflow", summary.version === undefined ? view.workflow : `${view.workflow}, version ${summary.version}`],
    ["started", `${formatMoment(view.startedAtMs)}, ${formatRelative(view.startedAtMs, io.clock.nowMs())}`],
    ...(summary.endedAtMs === undefined || past ? [] : [["took", formatDuration(summary.endedAtMs - view.startedAtMs)] as const]),
    ["events", String(view.seq)],
    ...(summary.parentId === undefined ? [] : [["called by", summary.parentId] as const]),
    ...(summary.tenant === undefined ? [] : [["tenant", summary.tenant] as const]),
    ...Object.entries(summary.tags).map(([key, value]) => [key === fileTag ? "file" : key, value] as const),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) lines.push([[`  ${padEnd(name, width)}  `, "dim"], [printable(value)]]);
  lines.push(...section("Input", view.input, style));
  lines.push(...view.tasks.flatMap((task) => taskLines(task, view.tasks.length > 1 || task.task !== "main", style)));
  lines.push(...waitLines(view, io));
  if (view.signals.length > 0)
    lines.push(
      [],
      [["Signals not taken", "strong"]],
      ...view.signals.map(
        ({ name, value }): Line => [[`  ${style.glyphs.mail} `, "info"], [printable(name)], [` ${briefValue(value)}`, "dim"]],
      ),
    );
  if (view.error !== undefined)
    lines.push(
      [],
      [
        ["Error", "bad"],
        [view.error.code === undefined ? "" : `  ${view.error.code}`, "dim"],
      ],
      [["  "], [errorText(view.error)]],
      ...placeLines(view.error, io),
    );
  lines.push(...section("Output", view.output, style));
  const next = past ? [] : nextSteps(view, summary, steps);
  const text = lines.map((line) => formatLine(fitLine(line, columns, style), style));
  return next.length === 0 ? text : [...text, "", tinted("Next", "strong", style), ...stepLines(next, io)];
}

function section(title: string, value: unknown, style: Style): readonly Line[] {
  const { lines, cut } = prettyValue(value, valueLines);
  if (lines.length === 0) return [];
  const more: readonly Line[] = cut > 0 ? [[[`  ${style.glyphs.more} ${cut} more lines; --json has all`, "dim"]]] : [];
  return [[], [[title, "strong"]], ...lines.map((line): Line => [["  "], [line]]), ...more];
}

function taskLines(task: TaskView, named: boolean, style: Style): readonly Line[] {
  const title: readonly Line[] = named
    ? [
        [
          statusSpan(task.status, style),
          [` ${printable(task.task)}`, "strong"],
          [task.nth > 1 ? ` ${task.nth}` : "", "dim"],
          [task.error === undefined ? "" : `  ${errorText(task.error)}`, "bad"],
        ],
      ]
    : [[["Operations", "strong"]]];
  const rows = operationRows(task.operations, style);
  if (!named && rows.length === 0) return [];
  const width = Math.min(40, Math.max(0, ...rows.map(({ name }) => textWidth(name))));
  return [[], ...title, ...rows.map(({ icon, name, info }): Line => [["  "], icon, [` ${padEnd(name, width)}  `], ...info])];
}

interface OperationRow {
  readonly icon: readonly [string, Tone];
  readonly name: string;
  readonly info: Line;
}

// Operations of one map or race stand on one line once they are many; those that went wrong are listed still.
function operationRows(operations: readonly OperationView[], style: Style): readonly OperationRow[] {
  const groups = Map.groupBy(operations, ({ key }) => (key.includes("/") ? key.slice(0, key.indexOf("/")) : key));
  return [...groups].flatMap(([name, members]) => {
    if (members.length <= listed) return members.map((operation) => operationRow(operation, style));
    const bad = members.filter(({ status }) => status !== "completed" && status !== "cancelled");
    const done = members.length - bad.length;
    const row: OperationRow = {
      icon: statusSpan(bad.length > 0 ? "failed" : "completed", style),
      name: printable(name),
      info: [[`${done} of ${members.length} completed`]],
    };
    return [
      bad.length > 0 ? row : { ...row, info: [[`${members.length} completed`]] },
      ...bad.slice(0, listed).map((operation) => operationRow(operation, style)),
    ];
  });
}

function operationRow(operation: OperationView, style: Style): OperationRow {
  const { key, op, status, attempt, value, error, openedAtMs, endedAtMs } = operation;
  const took = openedAtMs === undefined || endedAtMs === undefined ? "" : `  ${formatDuration(endedAtMs - openedAtMs)}`;
  const what = [
    ...(op === "step" ? [] : [op]),
    ...(status === "completed" ? [] : [status]),
    ...(attempt > 1 ? [`${attempt} attempts`] : []),
  ].join(", ");
  const result: Line = error === undefined ? [[briefValue(value, 120), "dim"]] : [[errorText(error), "bad"]];
  return { icon: statusSpan(status, style), name: printable(key), info: [[what === "" ? "" : `${what}  `], ...result, [took, "dim"]] };
}

function statusSpan(status: TaskView["status"] | OperationView["status"], style: Style): readonly [string, Tone] {
  const { glyphs } = style;
  switch (status) {
    case "completed":
      return [glyphs.done, "good"];
    case "failed":
    case "timed-out":
    case "unknown":
      return [glyphs.failed, "bad"];
    case "running":
      return [glyphs.bullet, "info"];
    case "waiting":
      return [glyphs.wait, "info"];
    case "retrying":
      return [glyphs.retry, "warn"];
    case "skipped":
    case "blocked":
    case "cancelled":
      return [glyphs.skipped, "dim"];
    default:
      return status satisfies never;
  }
}

function waitLines(view: RunView, io: Io): readonly Line[] {
  const nowMs = io.clock.nowMs();
  const frame = { columns: (io.screen?.columns ?? 160) - 3, nowMs, style: io.style };
  const lines: Line[] = openQuestions(view.runId, view.waits)
    .flatMap((question) => questionLines(question, frame))
    .map((line): Line => [["  "], ...line]);
  for (const wait of view.waits) {
    if (wait.kind === "ask") continue;
    const what =
      wait.kind === "receive"
        ? `signal ${wait.signal ?? ""}`
        : wait.kind === "call"
          ? `run ${wait.child ?? ""}`
          : wait.kind === "retry"
            ? "another attempt"
            : wait.kind === "sleep"
              ? "its time"
              : "a timer";
    const due = wait.dueAtMs === undefined ? "" : `  ${formatMoment(wait.dueAtMs)}, ${formatRelative(wait.dueAtMs, nowMs)}`;
    lines.push([[`  ${io.style.glyphs.wait} `, "info"], [`${printable(wait.key)} waits for ${printable(what)}`], [due, "dim"]]);
  }
  if (view.pause !== undefined) {
    lines.push([[`  ${io.style.glyphs.paused} `, "warn"], [printable(view.pause.message)], [` (${view.pause.code})`, "dim"]]);
    lines.push(...(view.pause.difference ?? []).map((line): Line => [["    "], [printable(line), "dim"]]));
  }
  return lines.length === 0 ? [] : [[], [[view.pause === undefined ? "Waits for" : "Paused", "strong"]], ...lines];
}

function nextSteps(view: RunView, summary: RunSummary, steps: NextSteps): readonly (readonly [string, string])[] {
  const file = summary.tags[fileTag];
  const on: readonly (readonly [string, string])[] = file === undefined ? [] : [["go on", steps.run(file, view.runId)]];
  switch (view.status) {
    case "completed":
      return [];
    case "failed":
    case "timed-out":
      return [["try again", steps.about("retry", view.runId)]];
    case "cancelled":
      return [];
    case "paused":
      return [
        ["resume", steps.about("resume", view.runId)],
        ...(view.pause?.code === "RUN_MISMATCH"
          ? ([["take the code as it is", steps.about("resume", view.runId, "--accept")]] as const)
          : []),
        ...on,
      ];
    case "waiting":
      return [
        ...openQuestions(view.runId, view.waits).map((question) => ["answer", steps.answer(question)] as const),
        ...view.waits
          .filter(({ kind }) => kind === "receive")
          .map((wait) => ["send it", steps.signal(view.runId, wait.signal ?? wait.key)] as const),
        ...on,
      ];
    case "queued":
    case "running":
      return [["follow", steps.about("events", view.runId, "--follow")], ...on];
    default:
      return view.status satisfies never;
  }
}
