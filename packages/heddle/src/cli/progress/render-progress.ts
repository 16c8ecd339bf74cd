import { fitLine, type Line, padEnd, type Span, wrapText } from "../text/line.ts";
import type { Style, Tone } from "../text/style.ts";
import { formatDuration, formatWhen, formatWholeSeconds } from "../text/format-time.ts";
import { printable, textWidth } from "../text/text-width.ts";
import { progressBar } from "./progress-bar.ts";
import { isOpen, openOperations, type ProgressGroup, type ProgressOperation } from "./progress-tree.ts";
import type { RunProgress } from "./run-progress.ts";

/** What is drawn: a run and the child runs that it waits for. */
export interface ProgressView {
  readonly run: RunProgress;
  readonly children: ReadonlyMap<string, RunProgress>;
}

export interface ProgressFrame {
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
  readonly style: Style;
}

interface Row {
  readonly icon: Span;
  readonly name: string;
  readonly info: Line;
  /** Nothing of it is under way: may be left out where there is no room. */
  readonly over: boolean;
  readonly rows: readonly Row[];
}

/** The tree of a run as lines, no wider than `columns` and no more than `rows`. Pure: the same view and time give the same lines. */
export function renderProgress(view: ProgressView, frame: ProgressFrame): readonly Line[] {
  const { run } = view;
  const limit = Math.max(2, frame.rows);
  const pause = pauseLines(run, frame);
  const rows = limitRows(runRows(run, view, frame, []), Math.max(1, limit - 1 - pause.length), run.root.hidden, frame);
  const flat = flatten(rows, "", frame.style);
  const widest = Math.max(0, ...flat.map(({ row, prefix }) => textWidth(prefix) + 2 + textWidth(row.name)));
  const aligned = frame.columns >= 48 ? Math.min(widest, Math.floor(frame.columns * 0.4)) : 0;
  const lines = [headerLine(run, frame), ...flat.map(({ row, prefix }) => rowLine(row, prefix, aligned, frame)), ...pause];
  return lines.slice(0, limit).map((line) => fitLine(line, frame.columns, frame.style));
}

function headerLine(run: RunProgress, frame: ProgressFrame): Line {
  const icon = runIcon(run, frame);
  const named = run.workflow === "" || run.runId === run.workflow || run.runId.startsWith(`${run.workflow}-`);
  const name: Line = named
    ? [[run.runId, "strong"]]
    : [
        [run.workflow, "strong"],
        [`  ${run.runId}`, "dim"],
      ];
  const segment: Line = run.segment > 1 ? [[`  segment ${run.segment}`, "dim"]] : [];
  const elapsed = run.startedAtMs === 0 ? "" : `  ${formatElapsed(run.startedAtMs, run.endedAtMs, frame.nowMs)}`;
  return [icon, [" "], ...name, [`  ${statusWord(run)}`, icon[1] ?? "plain"], [elapsed, "dim"], ...segment];
}

function statusWord(run: RunProgress): string {
  if (run.endedAtMs !== null || run.status === "paused") return run.status;
  if (run.cancelling) return "cancelling";
  return run.status === "running" && !isBusy(run.root) ? "waiting" : run.status;
}

// Waiting means that something is waited for and nothing else is known to go on.
function isBusy(group: ProgressGroup): boolean {
  let waits = false;
  for (const operation of openOperations(group)) {
    if (operation.status === "running") return true;
    waits = true;
  }
  return !waits;
}

function runIcon(run: RunProgress, frame: ProgressFrame): Span {
  const { glyphs } = frame.style;
  switch (run.status) {
    case "completed":
      return [glyphs.done, "good"];
    case "failed":
    case "timed-out":
      return [glyphs.failed, "bad"];
    case "cancelled":
      return [glyphs.failed, "warn"];
    case "paused":
      return [glyphs.paused, "warn"];
    case "queued":
      return [glyphs.wait, "dim"];
    case "running":
    case "waiting":
      return isBusy(run.root) ? spinner(frame) : [glyphs.wait, "info"];
    default:
      return run.status satisfies never;
  }
}

function spinner(frame: ProgressFrame): Span {
  const { spinner: turns } = frame.style.glyphs;
  return [turns[Math.floor(frame.nowMs / 80) % turns.length] ?? "", "info"];
}

function runRows(run: RunProgress, view: ProgressView, frame: ProgressFrame, above: readonly string[]): readonly Row[] {
  return groupRows(run.root, run, view, frame, [...above, run.runId]);
}

function groupRows(
  group: ProgressGroup,
  run: RunProgress,
  view: ProgressView,
  frame: ProgressFrame,
  above: readonly string[],
): readonly Row[] {
  return [...group.members.values()].map((member) => {
    if (member.kind === "operation") return operationRow(member, view, frame, above);
    return groupRow(member, run, view, frame, above);
  });
}

function groupRow(group: ProgressGroup, run: RunProgress, view: ProgressView, frame: ProgressFrame, above: readonly string[]): Row {
  // A group of one is no group: `ask/price` is one line.
  const [only] = group.members.values();
  if (!group.folded && group.total === null && group.members.size === 1 && only !== undefined) {
    const row = only.kind === "operation" ? operationRow(only, view, frame, above) : groupRow(only, run, view, frame, above);
    return { ...row, name: `${printable(group.name)}/${row.name}` };
  }
  const open = [...openOperations(group)];
  const complete = run.endedAtMs !== null || (group.total === null ? open.length === 0 : group.ended >= group.total);
  const elapsed = formatElapsed(group.startedAtMs, complete ? group.endedAtMs : null, frame.nowMs);
  return {
    icon: complete ? (group.failed > 0 ? [frame.style.glyphs.failed, "bad"] : [frame.style.glyphs.done, "good"]) : spinner(frame),
    name: printable(group.name),
    info: [
      ...countInfo(group, complete, frame),
      ...(complete || group.folded ? ([[`  ${elapsed}`, "dim"]] as Line) : []),
      ...(complete ? [] : underWay(group, open, frame)),
    ],
    over: complete,
    rows: group.folded
      ? open
          .filter((operation) => operation.status === "waiting")
          .slice(0, 3)
          .map((operation) => operationRow(operation, view, frame, above))
      : groupRows(group, run, view, frame, above),
  };
}

function countInfo(group: ProgressGroup, complete: boolean, frame: ProgressFrame): Line {
  if (!group.folded && group.total === null) return [];
  const failed: Line = group.failed > 0 ? [[`  ${group.failed} failed`, "bad"]] : [];
  if (group.total === null) return [[`${group.ended} done`], ...failed];
  const columns = frame.columns < 40 ? 0 : frame.columns < 72 ? 12 : 22;
  const bar: Line = complete || columns === 0 ? [] : [[" "], [progressBar(group.ended, group.total, columns, frame.style.glyphs), "info"]];
  const counts = complete && group.ended === group.total ? String(group.total) : `${padCount(group.ended, group.total)}/${group.total}`;
  return [[counts], ...bar, ...failed];
}

// What a folded group is at: how long it may still take, and the names of some items.
function underWay(group: ProgressGroup, open: readonly ProgressOperation[], frame: ProgressFrame): Line {
  if (!group.folded) return [];
  const spentMs = frame.nowMs - group.startedAtMs;
  const left: Line =
    group.total !== null && group.ended * 10 >= group.total && spentMs >= 3000
      ? [[`  ~${formatWholeSeconds((spentMs / group.ended) * (group.total - group.ended))} left`, "dim"]]
      : [];
  const names =
    frame.columns < 60
      ? ""
      : open
          .filter((operation) => operation.status === "running")
          .slice(0, 8)
          .map((operation) => printable(operation.name))
          .join(" ");
  return [...left, ...(names === "" ? [] : ([[`  ${names}`, "dim"]] as Line))];
}

function operationRow(operation: ProgressOperation, view: ProgressView, frame: ProgressFrame, above: readonly string[]): Row {
  const child = operation.child === null || above.includes(operation.child) ? undefined : view.children.get(operation.child);
  const over = !isOpen(operation);
  return {
    icon: operationIcon(operation, frame),
    name: printable(operation.name),
    info: over ? overInfo(operation) : openInfo(operation, frame),
    over,
    rows: child === undefined || over ? [] : runRows(child, view, frame, above),
  };
}

function operationIcon(operation: ProgressOperation, frame: ProgressFrame): Span {
  const { glyphs } = frame.style;
  switch (operation.status) {
    case "running":
      return spinner(frame);
    case "retrying":
      return [glyphs.retry, "warn"];
    case "waiting":
      return operation.op === "ask"
        ? [glyphs.ask, "warn"]
        : operation.op === "call"
          ? [glyphs.child, "info"]
          : operation.op === "receive"
            ? [glyphs.mail, "info"]
            : [glyphs.wait, "info"];
    case "completed":
      return [glyphs.done, "good"];
    case "failed":
    case "timed-out":
    case "unknown":
      return [glyphs.failed, "bad"];
    case "cancelled":
    case "skipped":
    case "blocked":
      return [glyphs.skipped, "dim"];
    default:
      return operation.status satisfies never;
  }
}

function overInfo(operation: ProgressOperation): Line {
  const parts: string[] = [];
  if (operation.startedAtMs !== null && operation.endedAtMs !== null)
    parts.push(formatDuration(operation.endedAtMs - operation.startedAtMs));
  if (operation.times > 1) parts.push(`${operation.times} times`);
  if (operation.attempt > 1) parts.push(`${operation.attempt} attempts`);
  const note: Line = [[parts.join("  "), "dim"]];
  if (operation.status === "completed") return note;
  const why = operation.error === null ? operation.status : errorText(operation.error);
  const tone: Tone = operation.status === "cancelled" || operation.status === "skipped" ? "dim" : "bad";
  return [...note, [parts.length > 0 ? "  " : ""], [why, tone]];
}

function openInfo(operation: ProgressOperation, frame: ProgressFrame): Line {
  const { nowMs } = frame;
  const due = operation.dueAtMs;
  const within: Line = due === null ? [] : [[`  ${formatWholeSeconds(due - nowMs)} left`, "dim"]];
  switch (operation.status === "waiting" ? operation.op : operation.status) {
    case "retrying":
      return [
        [`attempt ${operation.attempt}${due === null ? "" : ` in ${formatWholeSeconds(due - nowMs)}`}`, "warn"],
        [operation.error === null ? "" : `  ${errorText(operation.error)}`, "dim"],
      ];
    case "ask":
      return [[questionText(operation.question), "warn"], ...within];
    case "receive":
      return [[`waits for signal ${printable(operation.signal ?? "")}`, "info"], ...within];
    case "call":
      return [[`waits for run ${printable(operation.child ?? "")}`, "info"], ...within];
    case "sleep":
      return [
        [due === null ? "sleeps" : `sleeps until ${formatWhen(due, nowMs)}`, "info"],
        [due === null ? "" : `  ${formatWholeSeconds(due - nowMs)} left`, "dim"],
      ];
    default: {
      const elapsed = operation.startedAtMs === null ? "" : formatElapsed(operation.startedAtMs, null, nowMs);
      return [
        [elapsed, "dim"],
        [operation.says === "" ? "" : `  ${printable(operation.says)}`, "dim"],
      ];
    }
  }
}

/** `Ship A1? (ops)`: what is asked and of whom. */
export function questionText(question: unknown): string {
  const { prompt, approvers } = (typeof question === "object" && question !== null ? question : {}) as {
    prompt?: unknown;
    approvers?: unknown;
  };
  const of = Array.isArray(approvers) && approvers.length > 0 ? ` (${approvers.join(", ")})` : "";
  return printable(`${typeof prompt === "string" ? prompt : "waits for an answer"}${of}`);
}

export function errorText(error: { readonly name: string; readonly message: string }): string {
  const named = error.name === "Error" || error.name === "HeddleError" || error.message.startsWith(error.name);
  return printable(named ? error.message : `${error.name}: ${error.message}`);
}

function pauseLines(run: RunProgress, frame: ProgressFrame): readonly Line[] {
  if (run.pause === null || run.status !== "paused") return [];
  const room = Math.max(10, frame.columns - 4);
  const lines = [`${run.pause.code}: ${run.pause.message}`, ...run.pause.difference.slice(0, 8)];
  return lines.flatMap((text, index) =>
    wrapText(printable(text), room).map((line): Line => [["  "], [line, index === 0 ? "warn" : "dim"]]),
  );
}

function rowLine(row: Row, prefix: string, aligned: number, frame: ProgressFrame): Line {
  const room = aligned - textWidth(prefix) - 2;
  const name = aligned === 0 || textWidth(row.name) <= room ? row.name : lineText(fitLine([[row.name]], Math.max(3, room), frame.style));
  const info = row.info.filter(([text]) => text !== "");
  const gap = info.length === 0 ? "" : " ";
  return [[prefix, "dim"], row.icon, [` ${aligned === 0 || gap === "" ? name : padEnd(name, room)}${gap}`], ...trimStart(info)];
}

function lineText(line: Line): string {
  return line.map(([text]) => text).join("");
}

function trimStart(line: Line): Line {
  const [first, ...rest] = line;
  return first === undefined ? [] : [[first[0].trimStart(), first[1] ?? "plain"], ...rest];
}

function flatten(rows: readonly Row[], prefix: string, style: Style): { readonly row: Row; readonly prefix: string }[] {
  const { tree } = style.glyphs;
  return rows.flatMap((row, index) => {
    const last = index === rows.length - 1;
    const inner = prefix + (last ? " ".repeat(tree.through.length) : tree.through);
    return [{ row, prefix: prefix + (last ? tree.last : tree.fork) }, ...flatten(row.rows, inner, style)];
  });
}

// Where there is no room, what is over goes first, oldest first, then the end of the list.
function limitRows(rows: readonly Row[], limit: number, hidden: number, frame: ProgressFrame): readonly Row[] {
  const count = (row: Row): number => 1 + row.rows.reduce((sum, inner) => sum + count(inner), 0);
  const size = (list: readonly Row[]): number => list.reduce((sum, row) => sum + count(row), 0);
  let kept = [...rows];
  let left = hidden;
  while (size(kept) + (left > 0 ? 1 : 0) > limit) {
    const oldest = kept.findIndex((row) => row.over && row.icon[1] === "good");
    const at = oldest === -1 ? kept.findIndex((row) => row.over) : oldest;
    if (at === -1) break;
    left += count(kept[at] as Row);
    kept = kept.toSpliced(at, 1);
  }
  const done: readonly Row[] =
    left === 0 ? [] : [{ icon: [frame.style.glyphs.done, "good"], name: `${left} more done`, info: [], over: true, rows: [] }];
  const room = limit - done.length;
  if (size(kept) <= room) return [...done, ...kept];
  const shown: Row[] = [];
  for (const row of kept) {
    const used = size(shown);
    if (used + count(row) < room) shown.push(row);
    else if (used + 1 < room) shown.push({ ...row, rows: [] });
    else break;
  }
  const cut = size(kept) - size(shown);
  return [...done, ...shown, { icon: [frame.style.glyphs.bullet, "dim"], name: `${cut} more`, info: [], over: false, rows: [] }];
}

function padCount(count: number, total: number): string {
  return String(count).padStart(String(total).length);
}

function formatElapsed(fromMs: number, toMs: number | null, nowMs: number): string {
  const ms = (toMs ?? nowMs) - fromMs;
  // Tenths that change twelve times a second only flicker.
  return toMs === null
    ? formatDuration(Math.max(0, Math.floor(ms / 1000) * 1000))
        .replace(/^0ms$/u, "0s")
        .replace(/\.0s$/u, "s")
    : formatDuration(ms);
}
