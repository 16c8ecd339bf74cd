import type { AnswerInput, Engine } from "heddle";

/**
 * Answer the questions of a run as they are put, until it has ended.
 *
 * @param answers by the question's key; a question without one is a mistake of the test
 * @returns the keys, in the order in which they were put
 */
export async function answerQuestions(
  engine: Engine,
  runId: string,
  answers: Readonly<Record<string, AnswerInput>>,
): Promise<readonly string[]> {
  const run = await engine.get(runId);
  const asked: string[] = [];
  for await (const event of run.events()) {
    if (event.type !== "op-opened" || event.op !== "ask") continue;
    asked.push(event.key);
    const answer = answers[event.key];
    if (answer === undefined) throw new Error(`the test has no answer to ${event.key}`);
    await engine.answer(runId, event.key, answer);
  }
  return asked;
}
