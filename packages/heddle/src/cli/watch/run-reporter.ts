import type { AnswerInput, LiveEvent } from "../../engine/engine.ts";
import type { OpenQuestion } from "../ask/open-question.ts";
import type { Io } from "../io.ts";
import { formatLine, type Line } from "../text/line.ts";
import { captureLines } from "./capture-lines.ts";
import { LiveScreen } from "./live-screen.ts";
import { PlainLines } from "./plain-lines.ts";

/** How a run is shown while it is watched. */
export interface RunReporter extends Disposable {
  /** Questions are answered in place, so watching goes on while there are some. */
  readonly answers: boolean;
  /** Shows the runs that a run waits for, too. */
  readonly tree: boolean;
  event(runId: string, event: LiveEvent): void;
  questions(open: readonly OpenQuestion[]): void;
  /** About the watching itself: that it stops, that it waits. */
  notice(line: Line): void;
}

/** `--json`: events as they are, one per line. */
export function jsonReporter(io: Io, runId: string): RunReporter {
  return {
    answers: false,
    tree: false,
    event: (of, event) => {
      if (of === runId) io.out(JSON.stringify({ runId, ...event }));
    },
    questions: () => undefined,
    notice: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
}

/**
 * Without a terminal: plain lines.
 *
 * @param before what is there already: up to event `seq` it is history and not told again
 */
export function plainReporter(io: Io, runId: string, before: { readonly seq: number; readonly ended: boolean } | null): RunReporter {
  const from = before?.seq ?? 0;
  const lines = new PlainLines(runId, from, io.style, (line) => io.out(line));
  let begun = false;
  return {
    answers: false,
    tree: false,
    event: (of, event) => {
      if (of !== runId) return;
      if (!begun && before?.ended === true) io.out(`${runId} has ended already; "${io.program} events ${runId}" tells what it did.`);
      else if (!begun && from > 0) io.out(`${runId} goes on after event ${from}; "${io.program} events ${runId}" tells what was before.`);
      begun = true;
      lines.event(event);
    },
    questions: () => undefined,
    notice: (line) => io.err(formatLine(line, io.style)),
    [Symbol.dispose]: () => undefined,
  };
}

/** In a terminal: the live tree, with questions answered in place where there is a keyboard. */
export function liveReporter(
  io: Io & { readonly screen: NonNullable<Io["screen"]> },
  runId: string,
  answer: (question: OpenQuestion, answer: AnswerInput) => Promise<void>,
): RunReporter {
  const live = new LiveScreen({ io, runId, answer });
  const printed = captureLines(io, (text) => live.print(text));
  return {
    answers: io.keyboard !== null,
    tree: true,
    event: (of, event) => live.event(of, event),
    questions: (open) => live.ask(open),
    notice: (line) => live.notice(line),
    [Symbol.dispose]: () => {
      printed[Symbol.dispose]();
      live[Symbol.dispose]();
    },
  };
}
