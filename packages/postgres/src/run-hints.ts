import type { CommitBatch, CommitVerdict, CreateVerdict, RunId, StoreHint } from "@heddle/kernel";

type Hear = (runId: RunId | null, what: StoreHint) => void;

/** Who wants to hear that runs changed. Hints go out in a microtask of their own, never inside the call that caused them. */
export class RunHints {
  readonly #calls = new Set<Hear>();
  #waiting: { readonly runId: RunId | null; readonly what: StoreHint }[] = [];

  add(call: Hear): Disposable {
    const own: Hear = (runId, what) => call(runId, what);
    this.#calls.add(own);
    return { [Symbol.dispose]: () => void this.#calls.delete(own) };
  }

  give(runId: RunId | null, what: StoreHint): void {
    if (this.#calls.size === 0) return;
    if (this.#waiting.length === 0) queueMicrotask(() => this.#send());
    this.#waiting.push({ runId, what });
  }

  /** Tell watchers in this process what a batch did. */
  giveBatch(batch: CommitBatch, verdict: CommitVerdict): void {
    if (this.#calls.size === 0) return;
    batch.creates?.forEach(({ row }, index) => this.#giveCreated(row.runId, verdict.creates[index]));
    batch.parts?.forEach((part, index) => {
      const answer = verdict.parts[index];
      if (answer?.status !== "ok") return;
      part.children?.forEach(({ row }, child) => this.#giveCreated(row.runId, answer.children?.[child]));
      part.messages?.forEach(({ runId }, message) => {
        if (answer.messages?.[message]?.status === "kept") this.give(runId, "work");
      });
      if (part.release !== undefined && (part.release.wakeAtMs !== null || part.release.status === "queued")) this.give(part.runId, "work");
      else if (part.events.length > 0 || part.release !== undefined) this.give(part.runId, "grown");
    });
    batch.messages?.forEach(({ runId }, index) => {
      if (verdict.messages[index]?.status === "kept") this.give(runId, "work");
    });
  }

  clear(): void {
    this.#calls.clear();
  }

  #giveCreated(runId: RunId, verdict: CreateVerdict | undefined): void {
    // One that its maker owns has nothing for others to do.
    if (verdict?.status === "created") this.give(runId, verdict.claimed ? "grown" : "work");
  }

  #send(): void {
    const hints = this.#waiting;
    this.#waiting = [];
    for (const { runId, what } of hints) for (const call of this.#calls) call(runId, what);
  }
}

/** Beyond so many characters a notification says only that there is work. PostgreSQL takes 8,000 bytes. */
const longestHint = 2_000;

/** What other processes are told of a batch before its verdicts are known: runs that may have become due or have mail. Null: nothing. */
export function hintFor({ creates = [], parts = [], messages = [] }: CommitBatch): string | null {
  const ids = new Set<RunId>();
  for (const { row, claimFor } of creates) if (claimFor === undefined) ids.add(row.runId);
  for (const { runId, release, children = [], messages: sent = [] } of parts) {
    if (release !== undefined && (release.status === "queued" || release.wakeAtMs !== null)) ids.add(runId);
    for (const { row } of children) ids.add(row.runId);
    for (const message of sent) ids.add(message.runId);
  }
  for (const { runId } of messages) ids.add(runId);
  if (ids.size === 0) return null;
  const text = JSON.stringify([...ids]);
  return text.length > longestHint ? "[]" : text;
}

/** What other processes are told of runs that ended and that somebody waits for. */
export function endHint(ids: readonly RunId[]): string {
  const text = JSON.stringify({ ended: ids });
  return text.length > longestHint ? JSON.stringify({ ended: [] }) : text;
}

/** Runs of a notification, and what it says of them; null: any. */
export function readHint(text: string): { readonly runIds: readonly RunId[] | null; readonly what: StoreHint } {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said === "object" && said !== null && "ended" in said) return { runIds: readIds(said.ended), what: "grown" };
    return { runIds: readIds(said), what: "work" };
  } catch {
    return { runIds: null, what: "work" };
  }
}

function readIds(ids: unknown): readonly RunId[] | null {
  return Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === "string") ? ids : null;
}
