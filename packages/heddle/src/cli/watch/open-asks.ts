import type { Engine, LiveEvent } from "../../engine/engine.ts";
import { questionOf } from "../../engine/mail.ts";
import { openQuestions, type OpenQuestion } from "../ask/open-question.ts";

/** Knows from their events which of the watched runs have open questions, so that only those are read, and only then. */
export class OpenAsks {
  /** By run, the ids of open questions by what their ends are known by. */
  readonly #open = new Map<string, Map<string, string>>();
  /** Something opened or closed since the last `read`. */
  changed = false;

  event(runId: string, event: LiveEvent): void {
    if (event.type === "op-opened" && event.op === "ask") {
      const asks = this.#open.get(runId) ?? new Map<string, string>();
      this.#open.set(runId, asks.set(`${event.of} ${event.key}`, questionOf(event.signal, event.key)));
      this.changed = true;
    } else if (event.type === "op-ended" && event.op === "ask") {
      this.#open.get(runId)?.delete(`${event.of} ${event.key}`);
      this.changed = true;
    } else if (event.type === "run-ended" && this.#open.delete(runId)) this.changed = true;
  }

  async read(engine: Pick<Engine, "get">): Promise<readonly OpenQuestion[]> {
    this.changed = false;
    const questions: OpenQuestion[] = [];
    for (const [runId, asks] of this.#open) {
      if (asks.size === 0) continue;
      const ids = new Set(asks.values());
      const view = await (await engine.get(runId)).state();
      questions.push(...openQuestions(runId, view.waits).filter((question) => ids.has(question.key)));
    }
    return questions;
  }
}
