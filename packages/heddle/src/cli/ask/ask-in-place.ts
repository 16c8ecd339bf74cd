import type { AnswerInput } from "../../engine/engine.ts";
import type { Io } from "../io.ts";
import { Painter } from "../progress/painter.ts";
import { readKeys } from "./key-press.ts";
import type { OpenQuestion } from "./open-question.ts";
import { newPrompt, pressKey } from "./prompt.ts";
import { renderPrompt } from "./render-prompt.ts";

/** Ask a question at the keyboard. Null when there is no terminal to ask on, or the person pressed Escape or Ctrl-C. */
export async function askInPlace(question: OpenQuestion, io: Io): Promise<AnswerInput | null> {
  const { screen, keyboard } = io;
  if (screen === null || keyboard === null) return null;
  const painter = new Painter(screen, io.style);
  const { promise, resolve } = Promise.withResolvers<AnswerInput | null>();
  let prompt = newPrompt(question, io.env.USER);
  const paint = (): void =>
    painter.paint(renderPrompt(prompt, { columns: Math.max(1, screen.columns - 1), nowMs: io.clock.nowMs(), style: io.style }));
  const give = (answer: AnswerInput | null): void => {
    painter.clear();
    resolve(answer);
  };
  using listening = new DisposableStack();
  listening.use(screen.onResize(paint));
  const typed = (input: string): void => {
    for (const press of readKeys(input)) {
      const step = pressKey(prompt, press);
      if ("later" in step) return give(null);
      if ("answer" in step) return give(step.answer);
      prompt = step.prompt;
    }
    paint();
  };
  listening.use(keyboard.listen(typed));
  io.interrupted.addEventListener("abort", () => give(null), { once: true });
  paint();
  return await promise;
}
