import type { Engine, LiveEvent } from "../../engine/engine.ts";
import { openQuestions, type OpenQuestion } from "../ask/open-question.ts";

/** Knows from their events which of the watched runs have open questions, so that only those are read, and only then. */
export class OpenAsks {
  readonly #open = new Map<string, Set<string>>();
  /** Something opened or closed since the last `read`. */
  changed = false;

  event(runId: string, event: LiveEvent): void {
    if (event.type === "op-opened" && event.op === "ask") {
      const keys = this.#open.get(runId) ?? new Set();
      this.#open.set(runId, keys.add(event.key));
      this.changed = true;
    } else if (event.type === "op-ended" && event.op === "ask") {
      this.#open.get(runId)?.delete(event.key);
      this.changed = true;
    } else if (event.type === "run-ended" && this.#open.delete(runId)) this.changed = true;
  }

  async read(engine: Pick<Engine, "get">): Promise<readonly OpenQuestion[]> {
    this.changed = false;
    const questions: OpenQuestion[] = [];
    for (const [runId, keys] of this.#open) {
      if (keys.size === 0) continue;
      const view = await (await engine.get(runId)).state();
      questions.push(...openQuestions(runId, view.waits).filter((question) => keys.has(question.key)));
    }
    return questions;
  }
}
