import { HeddleError } from "@heddle/kernel";
import type { AnswerInput, Engine } from "../../engine/engine.ts";
import { type OpenQuestion, openQuestions } from "../ask/open-question.ts";
import { choiceLines, questionLines } from "../ask/render-prompt.ts";
import { askInPlace } from "../ask/ask-in-place.ts";
import { type Command, exitCode } from "../command.ts";
import type { Io } from "../io.ts";
import { NextSteps, stepLines } from "../next-steps.ts";
import { type OptionValues, readArguments, usage } from "../read-arguments.ts";
import { readInput } from "../read-input.ts";
import { reportSent } from "../report-sent.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";
import { formatLine } from "../text/line.ts";

const options = {
  yes: { type: "boolean", says: "Approve", short: "y" },
  no: { type: "boolean", says: "Decline", short: "n" },
  choice: { type: "string", value: "CHOICE", says: "Choose one of the choices" },
  text: { type: "string", value: "TEXT", says: "Answer with text" },
  value: { type: "string", value: "JSON|@FILE|-", says: "Fill in a form" },
  reason: { type: "string", value: "TEXT", says: "Why; kept with the answer" },
  by: { type: "string", value: "NAME", says: "Who answers. Default: the user's name" },
  store: storeOption,
} as const;

export const answer: Command = {
  name: "answer",
  summary: "Answer a question that a run asks",
  usage: "answer RUN [QUESTION] [--yes|--no|--choice CHOICE|--text TEXT|--value JSON] [options]",
  group: "Act on a run",
  options,
  examples: [
    ["answer order-7 --yes", "the only question it asks"],
    ["answer order-7 approve --no --reason 'too dear'", "one of several, by its key"],
    ["answer order-7 size --choice large", "a choice"],
    ["answer order-7", "see what it asks; in a terminal, answer it there"],
  ],
  async run(io) {
    const { values, positionals } = readArguments(answer, options, io, { least: 1, most: 2 });
    const [runId = "", key] = positionals;
    const given = await readAnswer(values, io);
    const steps = new NextSteps(io, values.store);
    await using engine = await openToLook(storeUrl(values.store, io), io);
    const question = pickQuestion(await questionsOf(engine, runId, key), runId, key, given, io);
    if (question === null) return exitCode.usage;

    const answered = given ?? (await askInPlace(question, io));
    if (answered === null) {
      const frame = { columns: (io.screen?.columns ?? 160) - 1, nowMs: io.clock.nowMs(), style: io.style };
      io.out(
        [
          ...[...questionLines(question, frame), ...choiceLines(question, frame)].map((line) => formatLine(line, io.style)),
          ...stepLines([["answer", steps.answer(question)]], io),
        ].join("\n"),
      );
      return io.interrupted.aborted ? exitCode.interrupted : exitCode.waiting;
    }
    const by = values.by ?? answered.by ?? io.env.USER;
    await engine.answer(question.runId, question.key, { ...answered, ...(by === undefined ? null : { by }) });
    await reportSent(`Answered ${question.key} of ${question.runId}.`, engine, await engine.get(question.runId), steps, io);
    return exitCode.done;
  },
};

async function readAnswer(values: OptionValues<typeof options>, io: Io): Promise<AnswerInput | null> {
  const given = (["yes", "no", "choice", "text", "value"] as const).filter((name) => values[name] !== undefined);
  if (given.length > 1) throw usage(answer, `--${given[0]} and --${given[1]} are two answers; give one.`);
  const why = values.reason === undefined ? null : { reason: values.reason };
  switch (given[0]) {
    case "yes":
      return { approved: true, ...why };
    case "no":
      return { approved: false, ...why };
    case "choice":
      return { choice: values.choice ?? "", ...why };
    case "text":
      return { text: values.text ?? "", ...why };
    case "value":
      return { value: await readInput(values.value ?? "", "--value", io), ...why };
    default:
      return null;
  }
}

// Its own questions, and for a helpful word those of the runs that it waits for.
async function questionsOf(engine: Engine, runId: string, key: string | undefined): Promise<readonly OpenQuestion[]> {
  const view = await (await engine.get(runId)).state();
  const own = openQuestions(runId, view.waits);
  if (own.length > 0 || key !== undefined) return own;
  const children = view.waits.flatMap(({ child }) => (child === undefined ? [] : [child]));
  return (await Promise.all(children.map(async (child) => openQuestions(child, (await (await engine.get(child)).state()).waits)))).flat();
}

// The question that is meant. With a key that is not among the open ones, the engine says what became of it.
function pickQuestion(
  open: readonly OpenQuestion[],
  runId: string,
  key: string | undefined,
  given: AnswerInput | null,
  io: Io,
): OpenQuestion | null {
  if (key !== undefined) {
    const named = open.find((question) => question.key === key);
    if (named !== undefined) return named;
    if (given !== null) return { runId, key, kind: "approval", prompt: key, details: undefined, approvers: [], choices: [], dueAtMs: null };
    const asked = open.length === 0 ? "it asks nothing now" : `it asks ${open.map((question) => question.key).join(", ")}`;
    throw new HeddleError("QUESTION_UNKNOWN", `Run ${runId} has no open question "${key}"; ${asked}.`, { data: { runId, question: key } });
  }
  const own = open.filter((question) => question.runId === runId);
  // The only question that it asks, or else the only one of those that it waits for.
  const [only, second] = own.length > 0 ? own : open;
  if (only !== undefined && second === undefined) return only;
  if (open.length === 0) throw new HeddleError("QUESTION_UNKNOWN", `Run ${runId} asks nothing now.`, { data: { runId } });
  const frame = { columns: (io.screen?.columns ?? 160) - 1, nowMs: io.clock.nowMs(), style: io.style };
  const head =
    own.length > 1
      ? `Run ${runId} asks ${own.length} questions; name one:`
      : `Run ${runId} asks nothing itself; it waits for runs that do:`;
  const steps = new NextSteps(io, undefined);
  io.err(
    [
      head,
      ...open.flatMap((question) => [
        ...questionLines(question, frame).map((line) => formatLine(line, io.style)),
        ...stepLines([["answer", steps.answer(question)]], io),
      ]),
    ].join("\n"),
  );
  return null;
}
