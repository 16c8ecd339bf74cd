import type { AnswerInput, LiveEvent } from "../../engine/engine.ts";
import { readKeys } from "../ask/key-press.ts";
import type { OpenQuestion } from "../ask/open-question.ts";
import { newPrompt, pressKey, type Prompt } from "../ask/prompt.ts";
import { renderPrompt } from "../ask/render-prompt.ts";
import type { Io, Keyboard, Screen } from "../io.ts";
import { Painter, type Picture } from "../progress/painter.ts";
import { renderProgress } from "../progress/render-progress.ts";
import { newRunProgress, type RunProgress, watchEvent } from "../progress/run-progress.ts";
import { describeEvent } from "../text/describe-event.ts";
import { fitLine, formatLine, type Line } from "../text/line.ts";

/** No more than so many pictures a second; eyes and remote terminals see no more. */
const frameMs = 1000 / 12;

export interface LiveScreenOptions {
  readonly io: Pick<Io, "style" | "clock" | "env"> & { readonly screen: Screen; readonly keyboard: Keyboard | null };
  readonly runId: string;
  /** Hand an answer to the run; what it throws is shown and the question asked again. */
  answer(question: OpenQuestion, answer: AnswerInput): Promise<void>;
}

/**
 * A run on a terminal: its tree in place, what its code prints above it, and the question that it asks below it.
 * Modes: watching; asking (the keyboard is ours, one question at a time, the tree goes on above it); closed.
 */
export class LiveScreen implements Disposable {
  readonly #options: LiveScreenOptions;
  readonly #painter: Painter;
  readonly #run: RunProgress;
  readonly #children = new Map<string, RunProgress>();
  readonly #resize: Disposable;
  readonly #later = new Set<string>();
  #questions: readonly OpenQuestion[] = [];
  /** Some that were put off are still open: nothing is asked, and somebody may wonder. */
  #putOff = false;
  #prompt: Prompt | null = null;
  #keys: Disposable | null = null;
  #notice: Line | null = null;
  #timer: Disposable | null = null;
  #closed = false;
  #seen = false;

  constructor(options: LiveScreenOptions) {
    this.#options = options;
    this.#painter = new Painter(options.io.screen, options.io.style);
    this.#run = newRunProgress(options.runId);
    this.#resize = options.io.screen.onResize(() => this.#paint());
    this.#schedule();
  }

  event(runId: string, event: LiveEvent): void {
    this.#seen = true;
    if (event.type === "log") this.print(this.#logLine(runId, event));
    if (runId === this.#run.runId) watchEvent(this.#run, event);
    else {
      const child = this.#children.get(runId) ?? newRunProgress(runId);
      this.#children.set(runId, child);
      watchEvent(child, event);
      if (child.endedAtMs !== null) this.#children.delete(runId);
    }
    this.#schedule();
  }

  /** The questions that are open now. The first that was not put off is asked; one that is gone is taken away. */
  ask(questions: readonly OpenQuestion[]): void {
    this.#questions = questions;
    this.#putOff = questions.some((open) => this.#later.has(nameOf(open)));
    this.#askNext();
  }

  /** Lines that stay, above the tree. */
  print(text: string): void {
    if (!this.#closed) this.#painter.print(text);
  }

  /** A line below the tree about the watching itself. */
  notice(line: Line): void {
    this.#notice = line;
    // It comes with a Ctrl-C, which the terminal shows where the cursor stands.
    this.#painter.spoiled();
    this.#paint();
  }

  /** The last picture stays on the screen; the keyboard is given back. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#setPrompt(null);
    this.#notice = null;
    this.#putOff = false;
    this.#paint();
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    this.#resize[Symbol.dispose]();
    this.#painter.release();
  }

  #logLine(runId: string, event: LiveEvent): string {
    const { style } = this.#options.io;
    const of = runId === this.#run.runId ? "" : `${runId}  `;
    return formatLine([[of, "dim"], ...describeEvent(event, style.glyphs)], style);
  }

  #askNext(): void {
    if (this.#closed || this.#options.io.keyboard === null) return;
    const asked = this.#prompt?.question;
    if (asked !== undefined && this.#questions.some((question) => sameQuestion(question, asked))) return;
    const question = this.#questions.find((open) => !this.#later.has(nameOf(open)));
    this.#setPrompt(question === undefined ? null : newPrompt(question, this.#options.io.env.USER));
  }

  #setPrompt(prompt: Prompt | null): void {
    this.#prompt = prompt;
    if (prompt === null) {
      this.#keys?.[Symbol.dispose]();
      this.#keys = null;
    } else this.#keys ??= this.#options.io.keyboard?.listen((input) => this.#typed(input)) ?? null;
    this.#paint();
  }

  #typed(input: string): void {
    for (const press of readKeys(input)) {
      if (this.#prompt === null) return;
      const { question } = this.#prompt;
      const step = pressKey(this.#prompt, press);
      if ("prompt" in step) this.#prompt = step.prompt;
      else {
        this.#questions = this.#questions.filter((open) => !sameQuestion(open, question));
        if ("later" in step) {
          this.#later.add(nameOf(question));
          this.#putOff = true;
        } else this.#send(question, step.answer);
        this.#prompt = null;
        this.#askNext();
      }
    }
    this.#paint();
  }

  #send(question: OpenQuestion, answer: AnswerInput): void {
    this.#options.answer(question, answer).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      const code = (error as { code?: unknown }).code;
      // Somebody else was faster, or it timed out: there is nothing left to ask.
      if (code === "QUESTION_CLOSED" || code === "QUESTION_UNKNOWN" || code === "RUN_ENDED") this.print(message);
      else if (!this.#closed) {
        this.#questions = [question, ...this.#questions];
        this.#setPrompt(newPrompt(question, this.#options.io.env.USER, [message]));
      }
    });
  }

  #schedule(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = this.#options.io.clock.after(frameMs, () => {
      this.#timer = null;
      this.#paint();
      if (this.#run.endedAtMs === null) this.#schedule();
    });
  }

  // A run of which nothing is known has no picture: it may yet be refused.
  #paint(): void {
    if (!this.#closed && this.#seen) this.#painter.paint(this.#picture());
  }

  #picture(): Picture {
    const { screen, style, clock } = this.#options.io;
    // The last column stays free: a line that fills it makes some terminals begin another.
    const columns = Math.max(1, screen.columns - 1);
    const frame = { columns, nowMs: clock.nowMs(), style };
    const asked = this.#prompt === null ? null : renderPrompt(this.#prompt, frame);
    const notice = this.#notice ?? (this.#putOff && asked === null && this.#run.endedAtMs === null ? putOffLine : null);
    const below = (asked?.lines.length ?? 0) + (notice === null ? 0 : 1);
    const tree = renderProgress({ run: this.#run, children: this.#children }, { ...frame, rows: Math.max(2, screen.rows - below - 1) });
    const lines = [...tree, ...(notice === null ? [] : [fitLine(notice, columns, style)]), ...(asked?.lines ?? [])];
    if (asked === null) return { lines };
    return { lines, cursor: { line: lines.length - asked.lines.length + asked.cursor.line, column: asked.cursor.column } };
  }
}

const putOffLine: Line = [["Put off. Ctrl-C stops; going on asks again", "dim"]];

function nameOf(question: OpenQuestion): string {
  return `${question.runId} ${question.key}`;
}

function sameQuestion(a: OpenQuestion, b: OpenQuestion): boolean {
  return nameOf(a) === nameOf(b);
}
