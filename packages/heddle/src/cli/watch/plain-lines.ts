import type { RunOutcome } from "@heddle/kernel";
import type { LiveEvent } from "../../engine/engine.ts";
import type { ProgressGroup } from "../progress/progress-tree.ts";
import { newRunProgress, type RunProgress, watchEvent } from "../progress/run-progress.ts";
import { describeEvent } from "../text/describe-event.ts";
import { formatClock, formatDuration } from "../text/format-time.ts";
import { formatLine, type Line } from "../text/line.ts";
import type { Style } from "../text/style.ts";
import { printable } from "../text/text-width.ts";

/** A map gets a line at each tenth of it, but none for fewer items than this; where nobody knows how many there are, one at each hundred. */
const leastItems = 10;
const itemsPerLine = 100;

/**
 * A run as plain lines, for logs and pipes: one line per event that says something. The items of a map are counted, not
 * listed; its failures are.
 */
export class PlainLines {
  readonly #style: Style;
  readonly #out: (line: string) => void;
  readonly #run: RunProgress;
  readonly #from: number;

  /** @param from last event that is old news: events up to it are taken in and not printed */
  constructor(runId: string, from: number, style: Style, out: (line: string) => void) {
    this.#style = style;
    this.#out = out;
    this.#from = from;
    this.#run = newRunProgress(runId);
  }

  event(event: LiveEvent): void {
    watchEvent(this.#run, event);
    if (event.seq <= this.#from) return;
    for (const line of this.#linesOf(event)) this.#out(formatLine([[`${formatClock(event.atMs)} `, "dim"], ...line], this.#style));
  }

  #linesOf(event: LiveEvent): readonly Line[] {
    switch (event.type) {
      case "run-started":
        return [this.#startLine(event.workflow)];
      case "run-ended":
        return [this.#endLine(event.outcome.status, event.atMs)];
      // A durable function's only task begins and ends with its run.
      case "task-ended":
      case "task-started":
        return event.task === "main" ? [] : [describeEvent(event, this.#style.glyphs)];
      case "ready":
      case "started":
      case "progress":
      case "stream":
        return [];
      case "op-opened":
        return event.op === "step" || event.op === "transaction" || event.op === "undo" ? [] : [describeEvent(event, this.#style.glyphs)];
      case "op-ended":
        return this.#ended(event);
      default:
        return [describeEvent(event, this.#style.glyphs)];
    }
  }

  #startLine(workflow: string): Line {
    const { runId } = this.#run;
    const of = runId.startsWith(workflow) ? "" : `, a run of ${printable(workflow)}`;
    return [[this.#style.glyphs.bullet, "info"], [" "], [runId, "strong"], [` started${of}`]];
  }

  #endLine(status: RunOutcome["status"], atMs: number): Line {
    const { done, failed } = this.#style.glyphs;
    const took = formatDuration(atMs - this.#run.startedAtMs);
    const well = status === "completed";
    return [[well ? done : failed, well ? "good" : "bad"], [" "], [this.#run.runId, "strong"], [` ${status} after ${took}`]];
  }

  #ended(event: Extract<LiveEvent, { type: "op-ended" }>): readonly Line[] {
    const found = foldedGroup(this.#run, event.key);
    const own = describeEvent(event, this.#style.glyphs);
    if (found === null) return [own];
    const count = countLine(found.group, found.key, this.#style);
    return [...(event.outcome.status === "completed" ? [] : [own]), ...(count === null ? [] : [count])];
  }
}

function countLine(group: ProgressGroup, key: string, style: Style): Line | null {
  const { glyphs } = style;
  const { ended, failed, total } = group;
  if (total === null) return ended % itemsPerLine === 0 ? [[glyphs.bullet, "info"], [` ${key} ${ended} done`]] : null;
  if (ended === total) {
    const well = failed === 0;
    return [
      [well ? glyphs.done : glyphs.failed, well ? "good" : "bad"],
      [` ${key} ${total} done`],
      [well ? "" : `, ${failed} failed`, "bad"],
    ];
  }
  return ended % Math.max(leastItems, Math.ceil(total / 10)) === 0 ? [[glyphs.bullet, "info"], [` ${key} ${ended}/${total}`]] : null;
}

function foldedGroup(run: RunProgress, key: string): { readonly group: ProgressGroup; readonly key: string } | null {
  let group = run.root;
  const path = key.split("/");
  for (const [depth, name] of path.slice(0, -1).entries()) {
    const next = group.members.get(name);
    if (next?.kind !== "group") return null;
    if (next.folded) return { group: next, key: path.slice(0, depth + 1).join("/") };
    group = next;
  }
  return null;
}
