import type { AnswerInput } from "../../engine/engine.ts";
import { parseJson } from "../parse-json.ts";
import type { KeyPress } from "./key-press.ts";
import type { OpenQuestion } from "./open-question.ts";

/** A question being answered at the keyboard. Changed only by `pressKey`. */
export interface Prompt {
  readonly question: OpenQuestion;
  /** `answer` first; then `reason` where one may be given; then `by` where only some may answer and the person is none of them. */
  readonly stage: "answer" | "reason" | "by";
  readonly line: TypedLine;
  /** Choice: which one is marked. */
  readonly marked: number;
  readonly draft: AnswerInput;
  /** Why the last Enter was not taken. */
  readonly problem: readonly string[];
}

/** What is typed, by characters as people see them, and where the next one goes. */
export interface TypedLine {
  readonly characters: readonly string[];
  readonly at: number;
}

export type PromptStep = { readonly prompt: Prompt } | { readonly answer: AnswerInput } | { readonly later: true };

const empty: TypedLine = { characters: [], at: 0 };

/** @param person who sits at the keyboard, by user name */
export function newPrompt(question: OpenQuestion, person: string | undefined, problem: readonly string[] = []): Prompt {
  return { question, stage: "answer", line: empty, marked: 0, draft: person === undefined ? {} : { by: person }, problem };
}

/** What a key makes of a prompt: another prompt, the answer, or `later` at Escape. */
export function pressKey(prompt: Prompt, press: KeyPress): PromptStep {
  if (press.key === "escape") return { later: true };
  if (prompt.stage === "answer" && prompt.question.kind === "approval") return approve(prompt, press);
  if (prompt.question.kind === "interrupt") return letGoOn(prompt, press);
  if (prompt.stage === "answer" && prompt.question.kind === "choice") return choose(prompt, press);
  if (press.key !== "enter") return { prompt: { ...prompt, line: edit(prompt.line, press), problem: [] } };
  const text = prompt.line.characters.join("").trim();
  if (prompt.stage === "reason") return next({ ...prompt, draft: text === "" ? prompt.draft : { ...prompt.draft, reason: text } });
  if (prompt.stage === "by")
    return text === "" ? { prompt: { ...prompt, problem: ["Type who answers."] } } : { answer: { ...prompt.draft, by: text } };
  if (prompt.question.kind === "text") {
    return text === ""
      ? { prompt: { ...prompt, problem: ["Type an answer, or press Escape to answer later."] } }
      : next({ ...prompt, draft: { ...prompt.draft, text } });
  }
  return readForm(prompt, text);
}

function letGoOn(prompt: Prompt, press: KeyPress): PromptStep {
  if (press.key !== "text") return { prompt };
  return press.text.trim().toLowerCase() === "y"
    ? { answer: { ...prompt.draft, approved: true } }
    : { prompt: { ...prompt, problem: ["Press y, or Escape to leave it stopped. To stop it for good, cancel the run."] } };
}

function approve(prompt: Prompt, press: KeyPress): PromptStep {
  if (press.key !== "text") return { prompt };
  const letter = press.text.trim().toLowerCase();
  // Only the two letters: a pasted text or a wrong key must not approve anything.
  if (letter !== "y" && letter !== "n") return { prompt: { ...prompt, problem: ["Press y or n."] } };
  return { prompt: { ...prompt, stage: "reason", draft: { ...prompt.draft, approved: letter === "y" }, line: empty, problem: [] } };
}

function choose(prompt: Prompt, press: KeyPress): PromptStep {
  const { choices } = prompt.question;
  if (press.key === "up" || press.key === "down") {
    const marked = (prompt.marked + (press.key === "down" ? 1 : choices.length - 1)) % Math.max(1, choices.length);
    return { prompt: { ...prompt, marked, problem: [] } };
  }
  if (press.key === "text" && /^[1-9]$/u.test(press.text)) {
    const marked = Number(press.text) - 1;
    return {
      prompt:
        marked < choices.length ? { ...prompt, marked, problem: [] } : { ...prompt, problem: [`There are ${choices.length} choices.`] },
    };
  }
  const choice = choices[prompt.marked];
  return press.key === "enter" && choice !== undefined ? next({ ...prompt, draft: { ...prompt.draft, choice } }) : { prompt };
}

function readForm(prompt: Prompt, text: string): PromptStep {
  try {
    return next({ ...prompt, draft: { ...prompt.draft, value: parseJson(text, "The answer") } });
  } catch (error) {
    return { prompt: { ...prompt, problem: [error instanceof Error ? error.message : String(error)] } };
  }
}

// After the answer (and its reason): who gives it, where that matters and is not known.
function next(prompt: Prompt): PromptStep {
  const { approvers } = prompt.question;
  const known = approvers.length === 0 || (prompt.draft.by !== undefined && approvers.includes(prompt.draft.by));
  return known ? { answer: prompt.draft } : { prompt: { ...prompt, stage: "by", line: empty, problem: [] } };
}

function edit(line: TypedLine, press: KeyPress): TypedLine {
  const { characters, at } = line;
  switch (press.key) {
    case "text": {
      const typed = [...new Intl.Segmenter().segment(press.text)].map((part) => part.segment);
      return { characters: characters.toSpliced(at, 0, ...typed), at: at + typed.length };
    }
    case "backspace":
      return at === 0 ? line : { characters: characters.toSpliced(at - 1, 1), at: at - 1 };
    case "delete":
      return { characters: characters.toSpliced(at, 1), at };
    case "left":
      return { characters, at: Math.max(0, at - 1) };
    case "right":
      return { characters, at: Math.min(characters.length, at + 1) };
    case "home":
      return { characters, at: 0 };
    case "end":
      return { characters, at: characters.length };
    case "clear":
      return empty;
    default:
      return line;
  }
}
