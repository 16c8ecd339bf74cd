import type { OpenQuestion } from "../ask/open-question.ts";
import { choiceLines, questionLines } from "../ask/render-prompt.ts";
import { exitCode } from "../command.ts";
import type { Io } from "../io.ts";
import { type NextSteps, stepLines } from "../next-steps.ts";
import { formatRelative } from "../text/format-time.ts";
import { plainJson, prettyValue } from "../text/format-value.ts";
import { formatLine, type Line, wrapText } from "../text/line.ts";
import { tinted } from "../text/style.ts";
import { printable, printableLines } from "../text/text-width.ts";
import { stackLines, thrownAt } from "../text/thrown-at.ts";
import type { Parked } from "./parked-run.ts";
import type { Ending } from "./watch-run.ts";

export interface EndedRun {
  readonly runId: string;
  /** File and export that it was started from. */
  readonly file: string;
}

/** Room for sentences: the screen's width, or a page's. */
function width(io: Pick<Io, "screen">): number {
  return Math.max(20, (io.screen?.columns ?? 100) - 1);
}

/** Lines of output that people are shown; `show` has the rest. */
const outputLines = 40;

/** The last JSON line. Returns the exit code. */
export function reportEndingAsJson(ending: Ending, run: EndedRun, steps: NextSteps, io: Io): number {
  const result = (status: string, more: object): void => io.out(JSON.stringify({ type: "result", runId: run.runId, status, ...more }));
  switch (ending.kind) {
    case "ended":
      if (ending.error === undefined) result(ending.status, { output: plainJson(ending.output) ?? null });
      else result(ending.status, { error: plainError(ending.error) });
      return ending.status === "completed" ? exitCode.done : exitCode.failed;
    case "parked":
      result(ending.parked.paused.length > 0 ? "paused" : "waiting", {
        questions: ending.parked.questions.map((question) => ({
          ...question,
          details: plainJson(question.details) ?? null,
          command: steps.answer(question),
        })),
        signals: ending.parked.signals.map((signal) => ({ ...signal, command: steps.signal(signal.runId, signal.name) })),
        paused: ending.parked.paused,
        strange: ending.parked.strange,
      });
      return ending.parked.strange.length > 0 ? exitCode.failed : exitCode.waiting;
    case "interrupted":
      result("interrupted", { command: steps.run(run.file, run.runId) });
      return ending.interruption.exitCode;
    default:
      return ending satisfies never;
  }
}

/** What people read at the end: how it went, its output, and what to type next. Returns the exit code. */
export function reportEnding(ending: Ending, run: EndedRun, steps: NextSteps, io: Io): number {
  switch (ending.kind) {
    case "ended":
      return ending.status === "completed"
        ? reportCompleted(ending.output, run, steps, io)
        : reportFailed(ending.error, ending.status, run, steps, io);
    case "parked":
      reportParked(ending.parked, run, steps, io);
      return ending.parked.strange.length > 0 ? exitCode.failed : exitCode.waiting;
    case "interrupted":
      io.out(stoppedLines(run, steps, io).join("\n"));
      return ending.interruption.exitCode;
    default:
      return ending satisfies never;
  }
}

function stoppedLines(run: EndedRun, steps: NextSteps, io: Io): readonly string[] {
  if (!steps.kept) return ["", ...wrapText("Stopped. Nothing of the run is kept: memory: is gone with its process.", width(io))];
  const says = wrapText(`Stopped. ${run.runId} keeps what it has recorded and goes on from there:`, width(io));
  return [
    "",
    ...says,
    ...stepLines(
      [
        ["go on", steps.run(run.file, run.runId)],
        ["give up", steps.about("cancel", run.runId)],
      ],
      io,
    ),
  ];
}

// Nothing comes next where nothing is kept.
function nextLines(list: readonly (readonly [meaning: string, command: string])[], steps: NextSteps, io: Io): readonly string[] {
  return steps.kept ? ["", tinted("Next", "strong", io.style), ...stepLines(list, io)] : [];
}

function reportCompleted(output: unknown, run: EndedRun, steps: NextSteps, io: Io): number {
  const { lines, cut } = prettyValue(output, outputLines);
  const shown = lines.length === 0 ? [] : ["", tinted("Output", "strong", io.style), ...lines.map((line) => `  ${line}`)];
  const more =
    cut > 0 ? [tinted(`  ${io.style.glyphs.more} ${cut} more lines: ${steps.about("show", run.runId, "--output")}`, "dim", io.style)] : [];
  const next = nextLines(
    [
      ["what it did", steps.about("show", run.runId)],
      ["all runs", steps.list("runs")],
    ],
    steps,
    io,
  );
  io.out([...shown, ...more, ...next].join("\n"));
  return exitCode.done;
}

function reportFailed(error: unknown, status: string, run: EndedRun, steps: NextSteps, io: Io): number {
  const { style } = io;
  const lines: string[] = [""];
  for (const [depth, { title, text, stack }] of causes(error).entries()) {
    const wrapped = wrapText(printable(text), width(io) - 2);
    lines.push(
      `${tinted(depth === 0 ? `Run ${status}` : "Cause", depth === 0 ? "bad" : "strong", style)}${title === "" ? "" : tinted(`  ${title}`, "dim", style)}`,
    );
    lines.push(...wrapped.map((line) => `  ${line}`));
    const place = thrownAt(stack, io.cwd);
    if (io.env.HEDDLE_DEBUG) lines.push(...stackLines(stack).map((line) => tinted(printable(line), "dim", style)));
    else if (place !== null) lines.push(tinted(`  at ${printable(place)}`, "dim", style));
  }
  const again: readonly (readonly [string, string])[] =
    status === "failed" || status === "timed-out" ? [["try again", steps.about("retry", run.runId)]] : [];
  lines.push(
    ...nextLines([["look", steps.about("show", run.runId)], ["its history", steps.about("events", run.runId)], ...again], steps, io),
  );
  io.err(lines.join("\n"));
  return exitCode.failed;
}

// The error and what it came from, without saying a thing twice.
function causes(error: unknown): readonly { readonly title: string; readonly text: string; readonly stack: unknown }[] {
  const found: { title: string; text: string; stack: unknown }[] = [];
  // RUN_FAILED only carries what happened.
  const { code: outer, cause: inner } = (typeof error === "object" && error !== null ? error : {}) as { code?: unknown; cause?: unknown };
  for (
    let at: unknown = outer === "RUN_FAILED" && inner !== undefined ? inner : error;
    at !== undefined && at !== null && found.length < 6;
    at = (at as { cause?: unknown }).cause
  ) {
    if (typeof at !== "object") break;
    const { name, message, code, stack } = at as { name?: unknown; message?: unknown; code?: unknown; stack?: unknown };
    const text = printableLines(typeof message === "string" ? message : "").join(" ");
    const title = [typeof code === "string" ? code : "", typeof name === "string" && name !== "Error" && name !== "HeddleError" ? name : ""]
      .filter((part) => part !== "")
      .join(" ");
    if (found.at(-1)?.text !== text) found.push({ title, text, stack });
  }
  return found;
}

function plainError(error: unknown): unknown {
  return error instanceof Error ? plainJson(error) : { name: "Error", message: String(error) };
}

function reportParked(parked: Parked, run: EndedRun, steps: NextSteps, io: Io): void {
  const { style } = io;
  const nowMs = io.clock.nowMs();
  const columns = width(io);
  const lines: string[] = [""];
  const todo: (readonly [string, string])[] = [];
  for (const question of parked.questions) {
    const asked = [...questionLines(question, { columns, nowMs, style }), ...choiceLines(question, { columns, style })];
    lines.push(...asked.map((line) => formatLine(line, style)));
    todo.push(...answerSteps(question, steps));
  }
  for (const { runId, name, dueAtMs } of parked.signals) {
    const line: Line = [
      [`${style.glyphs.mail} `, "info"],
      [`${runId} waits for signal `],
      [name, "strong"],
      [dueAtMs === null ? "" : `, at the latest ${formatRelative(dueAtMs, nowMs)}`, "dim"],
    ];
    lines.push(formatLine(line, style));
    todo.push(["send it", steps.signal(runId, name)]);
  }
  for (const { runId, pause } of parked.paused) {
    lines.push(...wrapText(`${style.glyphs.paused} ${runId} is paused: ${printable(pause.message)} (${pause.code})`, columns));
    lines.push(...(pause.difference ?? []).slice(0, 20).map((line) => tinted(`    ${printable(line)}`, "dim", style)));
    todo.push(["resume", steps.about("resume", runId)]);
    if (pause.code === "RUN_MISMATCH")
      todo.push(["take the code as it is", steps.about("resume", runId, "--accept")], ["begin a copy", steps.about("fork", runId)]);
  }
  for (const { runId, workflow, version } of parked.strange) {
    const [file = run.file] = run.file.split("#");
    const which = version === null ? "no such workflow" : `no version ${version} of it`;
    lines.push(
      ...wrapText(
        `${style.glyphs.failed} ${runId} is a run of workflow "${workflow}", and ${file} exports ${which} (WORKFLOW_UNKNOWN). Export it too, or run the file that does.`,
        columns,
      ),
    );
  }
  todo.push(["then go on", steps.run(run.file, run.runId)]);
  io.out([...lines, ...nextLines(todo, steps, io)].join("\n"));
}

function answerSteps(question: OpenQuestion, steps: NextSteps): readonly (readonly [string, string])[] {
  const yes = steps.answer(question);
  if (question.kind === "interrupt")
    return [
      ["let it go on", yes],
      ["stop it", steps.about("cancel", question.runId)],
    ];
  return question.kind === "approval"
    ? [
        ["approve", yes],
        ["decline", yes.replace(" --yes", " --no")],
      ]
    : [["answer", yes]];
}
