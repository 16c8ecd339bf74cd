import { hasCode, type RunStatus } from "@heddle/kernel";
import { hasEnded } from "./has-ended.ts";
import type { NodeHost } from "./node-host.ts";
import { awaitedChildren, openQuestions, type OpenQuestion } from "./open-questions.ts";
import { endHere } from "./outcome-wait.ts";

/** How a run came to rest. */
export interface Settled {
  readonly status: RunStatus;
  /** Who it waits for. */
  readonly questions: readonly OpenQuestion[];
}

/** Hints may fail to come: so often the store is asked about a run that is not under way here. */
const pollMs = 5_000;

/**
 * Wait until a run has ended, is paused, or is parked and waits for a person, itself or in a child that it waits for. A run that waits for a time or a
 * signal goes on by itself: it is waited for.
 */
export async function waitUntilSettled(host: NodeHost, runId: string, signal: AbortSignal | undefined): Promise<Settled> {
  for (;;) {
    signal?.throwIfAborted();
    const ending = host.runs.get(runId)?.ending ?? null;
    if (ending !== null) await endHere(ending, signal);
    signal?.throwIfAborted();
    const changed = Promise.withResolvers<void>();
    const open: Disposable[] = [host.hub.onHint(runId, changed.resolve), host.endWaiters.add(runId, () => changed.resolve())];
    try {
      const row = await host.reader.row(runId);
      if (hasEnded(row) || row.status === "paused") return { status: row.status, questions: [] };
      if (host.runs.get(runId) !== undefined) continue;
      if (row.status === "waiting") {
        const questions = await openQuestions(host, runId);
        if (questions.length > 0 && (await isAtRest(host, questions))) return { status: row.status, questions };
        // A child may come to rest without a word to its parent.
        for (const child of await awaitedChildren(host, runId)) {
          open.push(
            host.hub.onHint(child, changed.resolve),
            host.endWaiters.add(child, () => changed.resolve()),
          );
          const under = host.runs.get(child)?.ending;
          if (under !== undefined) void endHere(under, signal).then(() => changed.resolve());
        }
      }
      open.push(host.clock.after(pollMs, changed.resolve));
      const stop = (): void => changed.resolve();
      signal?.addEventListener("abort", stop, { once: true });
      open.push({ [Symbol.dispose]: () => signal?.removeEventListener("abort", stop) });
      await changed.promise;
    } catch (error) {
      // A store that does not answer now is asked again.
      if (!hasCode(error, "STORE_UNAVAILABLE")) throw error;
      await new Promise<void>((resolve) => void host.clock.after(1_000, resolve));
    } finally {
      for (const each of open) each[Symbol.dispose]();
    }
  }
}

/** Whether the runs that ask are parked, and do nothing besides any more. */
async function isAtRest(host: NodeHost, questions: readonly OpenQuestion[]): Promise<boolean> {
  for (const runId of new Set(questions.map((question) => question.runId))) {
    if (host.runs.get(runId) !== undefined) return false;
    if ((await host.reader.row(runId)).status !== "waiting") return false;
  }
  return true;
}
