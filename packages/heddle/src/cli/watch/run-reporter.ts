import type { AnswerInput, LiveEvent } from "../../engine/engine.ts";
import type { OpenQuestion } from "../ask/open-question.ts";
import type { Io } from "../io.ts";
import { formatLine, type Line } from "../text/line.ts";
import { LiveScreen } from "./live-screen.ts";
import { PlainLines } from "./plain-lines.ts";

/** How a run is shown while it is watched. */
export interface RunReporter extends Disposable {
  /** Questions are answered in place, so watching goes on while there are some. */
  readonly answers: boolean;
  event(runId: string, event: LiveEvent): void;
  questions(open: readonly OpenQuestion[]): void;
  /** About the watching itself: that it stops, that it waits. */
  notice(line: Line): void;
}

/** `--json`: events as they are, one per line; what user code prints goes to standard error. */
export function jsonReporter(io: Io, runId: string): RunReporter {
  const printed = new WholeLines((text) => io.err(text));
  const captured = io.capture((text) => printed.add(text));
  return {
    answers: false,
    event: (of, event) => {
      if (of === runId) io.out(JSON.stringify({ runId, ...event }));
    },
    questions: () => undefined,
    notice: () => undefined,
    [Symbol.dispose]: () => {
      printed.end();
      captured[Symbol.dispose]();
    },
  };
}

/**
 * Without a terminal: plain lines.
 *
 * @param from last event that is history: it is not told again
 */
export function plainReporter(io: Io, runId: string, from: number): RunReporter {
  const lines = new PlainLines(runId, from, io.style, (line) => io.out(line));
  if (from > 0) io.out(`${runId} goes on after event ${from}; "${io.program} events ${runId}" tells what was before.`);
  return {
    answers: false,
    event: (of, event) => {
      if (of === runId) lines.event(event);
    },
    questions: () => undefined,
    notice: (line) => io.err(formatLine(line, io.style)),
    [Symbol.dispose]: () => undefined,
  };
}

/** In a terminal: the live tree, with questions answered in place where there is a keyboard. */
export function liveReporter(io: Io & { readonly screen: NonNullable<Io["screen"]> }, runId: string, answer: (question: OpenQuestion, answer: AnswerInput) => Promise<void>): RunReporter {
  const live = new LiveScreen({ io, runId, answer });
  const printed = new WholeLines((text) => live.print(text));
  const captured = io.capture((text) => printed.add(text));
  return {
    answers: io.keyboard !== null,
    event: (of, event) => live.event(of, event),
    questions: (open) => live.ask(open),
    notice: (line) => live.notice(line),
    [Symbol.dispose]: () => {
      printed.end();
      live[Symbol.dispose]();
      captured[Symbol.dispose]();
    },
  };
}

/** Hands on whole lines of text that comes in pieces. */
class WholeLines {
  readonly #give: (text: string) => void;
  #rest = "";

  constructor(give: (text: string) => void) {
    this.#give = give;
  }

  add(text: string): void {
    const all = this.#rest + text;
    const end = all.lastIndexOf("\n");
    this.#rest = all.slice(end + 1);
    if (end !== -1) this.#give(all.slice(0, end));
  }

  end(): void {
    if (this.#rest !== "") this.#give(this.#rest);
    this.#rest = "";
  }
}
