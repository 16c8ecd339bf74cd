import { hasCode, type RunRow, type RunStatus } from "@heddle/kernel";
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
      const { row, children, rests } = await lookAt(host, runId);
      if (hasEnded(row) || row.status === "paused") return { status: row.status, questions: [] };
      if (rests) {
        const questions = await openQuestions(host, runId);
        if (questions.length > 0) return { status: row.status, questions };
      }
      // A child may come to rest without a word to its parent.
      for (const child of children) {
        open.push(
          host.hub.onHint(child, changed.resolve),
          host.endWaiters.add(child, () => changed.resolve()),
        );
        const under = host.runs.get(child)?.ending;
        if (under !== undefined) void endHere(under, signal).then(() => changed.resolve());
      }
      if (host.runs.get(runId) !== undefined) continue;
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

/** Whether a run and all children that it waits for are parked, and nothing has come that would let one of them go on. */
async function lookAt(
  host: NodeHost,
  runId: string,
): Promise<{ readonly row: RunRow; readonly children: readonly string[]; readonly rests: boolean }> {
  const row = await host.reader.row(runId);
  const children: string[] = [];
  let rests = isParked(host, row);
  const left = rests ? [...(await awaitedChildren(host, runId))] : [];
  for (let child = left.shift(); child !== undefined; child = left.shift()) {
    children.push(child);
    const childRow = await host.reader.row(child);
    if (isParked(host, childRow)) left.push(...(await awaitedChildren(host, child)));
    else if (childRow.status !== "paused") rests = false;
  }
  return { row, children, rests };
}

function isParked(host: NodeHost, { runId, status, wakeAtMs }: RunRow): boolean {
  return status === "waiting" && (wakeAtMs === null || wakeAtMs > host.clock.nowMs()) && host.runs.get(runId) === undefined;
}
