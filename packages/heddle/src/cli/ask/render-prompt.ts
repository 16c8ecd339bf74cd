import { fitLine, type Line, wrapText } from "../text/line.ts";
import { formatWholeSeconds } from "../text/format-time.ts";
import { prettyValue } from "../text/format-value.ts";
import type { Style } from "../text/style.ts";
import { printable, textWidth } from "../text/text-width.ts";
import type { OpenQuestion } from "./open-question.ts";
import type { Prompt, TypedLine } from "./prompt.ts";

export interface PromptPicture {
  readonly lines: readonly Line[];
  readonly cursor: { readonly line: number; readonly column: number };
}

/** A prompt as lines and the place of the cursor. Pure. */
export function renderPrompt(
  prompt: Prompt,
  frame: { readonly columns: number; readonly nowMs: number; readonly style: Style },
): PromptPicture {
  const { columns, style } = frame;
  const lines: Line[] = [[], ...questionLines(prompt.question, frame)];
  const given = prompt.draft.approved;
  if (prompt.stage !== "answer" && given !== undefined)
    lines.push([["  "], given ? [`${style.glyphs.done} approved`, "good"] : [`${style.glyphs.failed} declined`, "bad"]]);
  const problems = prompt.problem.flatMap((text) => wrapText(text, Math.max(10, columns - 2))).map((text): Line => [["  "], [text, "bad"]]);
  if (prompt.stage === "answer" && prompt.question.kind === "choice") {
    for (const [index, choice] of prompt.question.choices.entries()) {
      const marked = index === prompt.marked;
      lines.push([
        [marked ? `  ${style.glyphs.arrow} ` : "    ", "info"],
        [`${index + 1} `, "dim"],
        [printable(choice), marked ? "strong" : "plain"],
      ]);
    }
  }
  lines.push(...problems);
  const { label, hint } = wording(prompt);
  const labelWidth = textWidth(label);
  const { text, column } = visiblePart(prompt.line, Math.max(4, columns - labelWidth - 1));
  lines.push([[label, "info"], [text], text === "" && hint !== "" ? [hint, "dim"] : [""]]);
  return {
    lines: lines.map((line) => fitLine(line, columns, style)),
    cursor: { line: lines.length - 1, column: Math.min(columns - 1, labelWidth + column) },
  };
}

/** A question as people read it: what is asked, its details, of whom, how long. Used also where nobody can answer in place. */
export function questionLines(
  question: OpenQuestion,
  frame: { readonly columns: number; readonly nowMs: number; readonly style: Style },
): readonly Line[] {
  const room = Math.max(10, frame.columns - 2);
  const [first = "", ...rest] = wrapText(printable(question.prompt), room);
  const lines: Line[] = [
    [
      [`${frame.style.glyphs.ask} `, "warn"],
      [first, "strong"],
    ],
    ...rest.map((text): Line => [["  "], [text, "strong"]]),
  ];
  if (question.details !== undefined) {
    const { lines: details, cut } = prettyValue(question.details, 10);
    for (const text of details) lines.push([["  "], [text, "dim"]]);
    if (cut > 0) lines.push([["  "], [`${cut} more lines`, "dim"]]);
  }
  const facts = [
    `${question.key} of ${question.runId}`,
    ...(question.approvers.length > 0 ? [`asked of ${question.approvers.join(", ")}`] : []),
    ...(question.dueAtMs === null ? [] : [`${formatWholeSeconds(question.dueAtMs - frame.nowMs)} left`]),
  ];
  lines.push([["  "], [printable(facts.join(`  ${frame.style.glyphs.bullet}  `)), "dim"]]);
  return lines.map((line) => fitLine(line, frame.columns, frame.style));
}

/** What may be chosen, for people who read it and answer elsewhere. */
export function choiceLines(question: OpenQuestion, frame: { readonly columns: number; readonly style: Style }): readonly Line[] {
  return question.choices.map((choice) =>
    fitLine([[`  ${frame.style.glyphs.bullet} `, "dim"], [printable(choice)]], frame.columns, frame.style),
  );
}

function wording(prompt: Prompt): { readonly label: string; readonly hint: string } {
  if (prompt.stage === "reason") return { label: "  Reason: ", hint: "Enter for none" };
  if (prompt.stage === "by") return { label: "  Answer as: ", hint: prompt.question.approvers.join(" or ") };
  switch (prompt.question.kind) {
    case "approval":
      return { label: "  Approve? y/n ", hint: "Esc: later" };
    case "interrupt":
      return { label: "  Let it go on? y ", hint: "Esc: later" };
    case "choice":
      return { label: "  Choose: ", hint: "up, down or number, then Enter; Esc: later" };
    case "text":
      return { label: "  Answer: ", hint: "Esc: later" };
    case "form":
      return { label: "  JSON: ", hint: "Esc: later" };
    default:
      return prompt.question.kind satisfies never;
  }
}

// The part of a long line around the cursor.
function visiblePart(line: TypedLine, columns: number): { readonly text: string; readonly column: number } {
  let from = 0;
  const widthTo = (start: number): number => textWidth(line.characters.slice(start, line.at).join(""));
  while (widthTo(from) >= columns) from++;
  let text = "";
  for (const character of line.characters.slice(from)) {
    if (textWidth(text) + textWidth(character) >= columns) break;
    text += character;
  }
  return { text: printable(text), column: widthTo(from) };
}
