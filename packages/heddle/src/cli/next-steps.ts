import type { OpenQuestion } from "./ask/open-question.ts";
import type { Io } from "./io.ts";
import type { Line } from "./text/line.ts";
import { formatLine, padEnd } from "./text/line.ts";
import { storeUrl } from "./store-location.ts";
import { shellLine } from "./text/shell-word.ts";

/** Tag under which `run` keeps the file that a run was started from, so that later commands can say how it goes on. */
export const fileTag = "heddle.file";

/** Writes the commands that a person may type next, with the store that they need. */
export class NextSteps {
  readonly #program: string;
  readonly #store: readonly string[];
  /** There is a next time: the store outlives this process. */
  readonly kept: boolean;

  /** @param store value of `--store`, if it was given: commands must name it again */
  constructor(io: Pick<Io, "program" | "env">, store: string | undefined) {
    this.#program = io.program;
    this.#store = store === undefined ? [] : ["--store", store];
    this.kept = storeUrl(store, io) !== "memory:";
  }

  run(file: string, runId: string): string {
    return this.#line("run", file, "--id", runId);
  }

  /** Any command about a run: `show`, `events`, `retry`, `cancel`. */
  about(command: string, runId: string, ...more: readonly string[]): string {
    return this.#line(command, runId, ...more);
  }

  list(command: "runs" | "dead"): string {
    return this.#line(command);
  }

  /** The command that answers a question, with its most likely answer. */
  answer(question: Pick<OpenQuestion, "runId" | "key" | "kind" | "choices" | "approvers">): string {
    const by = question.approvers[0] === undefined ? [] : ["--by", question.approvers[0]];
    switch (question.kind) {
      case "approval":
      case "interrupt":
        return this.#line("answer", question.runId, question.key, "--yes", ...by);
      case "choice":
        return this.#line("answer", question.runId, question.key, "--choice", question.choices[0] ?? "CHOICE", ...by);
      case "text":
        return this.#line("answer", question.runId, question.key, "--text", "TEXT", ...by);
      case "form":
        return this.#line("answer", question.runId, question.key, "--value", "{…}", ...by);
      default:
        return question.kind satisfies never;
    }
  }

  signal(runId: string, name: string): string {
    return this.#line("signal", runId, name);
  }

  #line(...words: readonly string[]): string {
    return `${this.#program} ${shellLine(...words, ...this.#store)}`;
  }
}

/** A block of commands, each with what it is for, in two columns. Commands are not cut: people copy them. */
export function stepLines(steps: readonly (readonly [meaning: string, command: string])[], io: Pick<Io, "style">): readonly string[] {
  const width = Math.max(0, ...steps.map(([meaning]) => meaning.length));
  return steps.map(([meaning, command]) => {
    const line: Line = [["  "], [padEnd(meaning, width), "dim"], ["  "], [command, "info"]];
    return formatLine(line, io.style);
  });
}
