import { encodeValue, HeddleError, type Json } from "@heddle/kernel";
import type { ApprovalQuestion, ChoiceQuestion, FormQuestion, TextQuestion } from "../../workflow/context.ts";
import { checkWithSchema } from "../../workflow/check-schema.ts";
import type { AnswerInput } from "../engine.ts";

export type AnyQuestion = ApprovalQuestion | ChoiceQuestion<readonly string[]> | TextQuestion | FormQuestion<unknown>;

/** A question as it stands in the journal: everything but the schema, which only the code has. */
export interface AskedQuestion {
  /** `interrupt`: whether the run goes on where it was told to stop. */
  readonly kind: AnyQuestion["kind"] | "interrupt";
  readonly prompt: string;
  readonly details?: Json;
  readonly choices?: readonly string[];
  readonly approvers?: readonly string[];
}

/**
 * Whether anybody could answer it: a question that nobody can answer would be waited for without end.
 *
 * @throws HeddleError `OPTION_INVALID`
 */
export function checkQuestion(key: string, question: AnyQuestion): void {
  const wrong = (need: string): never => {
    throw new HeddleError("OPTION_INVALID", `Question "${key}" cannot be put: ${need}.`, { data: { key } });
  };
  if (typeof question !== "object" || question === null) wrong('pass { kind: "approval", prompt: "…" } as the second argument');
  const { kind } = question;
  if (kind !== "approval" && kind !== "choice" && kind !== "text" && kind !== "form")
    wrong(`its kind is ${JSON.stringify(kind)}; it is "approval", "choice", "text" or "form"`);
  if (typeof question.prompt !== "string") wrong("it has no prompt, the text that people read");
  if (kind === "choice" && !(Array.isArray(question.choices) && question.choices.length > 0 && question.choices.every(isText)))
    wrong("its choices are a list of at least one text");
  if (kind === "form" && typeof question.schema?.["~standard"]?.validate !== "function")
    wrong("a form needs a schema, such as one of zod, valibot or arktype");
  if (question.approvers !== undefined && !(Array.isArray(question.approvers) && question.approvers.every(isText)))
    wrong("its approvers are a list of names");
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function questionValue(question: AnyQuestion): Json {
  return {
    kind: question.kind,
    prompt: question.prompt,
    ...(question.details === undefined ? null : { details: encodeValue(question.details) }),
    ...("choices" in question ? { choices: [...question.choices] } : null),
    ...(question.approvers === undefined ? null : { approvers: [...question.approvers] }),
  };
}

/**
 * Whether an answer fits a question that was put. Forms are checked for a value only; their schema is checked by the function.
 *
 * @throws HeddleError `ANSWER_INVALID`
 */
export function checkAnswer(key: string, question: AskedQuestion, answer: AnswerInput): void {
  const wrong = (need: string): never => {
    throw new HeddleError("ANSWER_INVALID", `The answer to "${key}" does not fit: ${need}.`, { data: { key, question: question.prompt } });
  };
  switch (question.kind) {
    case "approval":
      if (typeof answer.approved !== "boolean") wrong("an approval needs approved: true or false");
      break;
    case "choice":
      if (answer.choice === undefined || question.choices?.includes(answer.choice) !== true)
        wrong(`choice must be one of ${question.choices?.join(", ")}`);
      break;
    case "text":
      if (typeof answer.text !== "string") wrong("it needs a text");
      break;
    case "form":
      if (answer.value === undefined) wrong("a form needs a value");
      break;
    case "interrupt":
      if (answer.approved === false) wrong("an answer lets the run go on; to stop it for good, cancel it");
      break;
    default:
      question.kind satisfies never;
  }
  if (question.approvers !== undefined && (answer.by === undefined || !question.approvers.includes(answer.by))) {
    wrong(`only ${question.approvers.join(", ")} may answer, and the answer is by ${answer.by ?? "nobody"}`);
  }
}

/** What `ctx.ask` gives: a recorded answer, or that none came. A timeout is never an approval. */
export async function answerOutcome(question: AnyQuestion, answer: unknown): Promise<unknown> {
  const given = answer as AnswerInput & { readonly timedOut?: boolean };
  if (given.timedOut === true) {
    return { timedOut: true, reason: "nobody answered in time", ...(question.kind === "approval" ? { approved: false } : null) };
  }
  if (question.kind !== "form") return { ...given, timedOut: false };
  return { ...given, timedOut: false, value: await checkWithSchema(question.schema, given.value, `the answer to "${question.prompt}"`) };
}
