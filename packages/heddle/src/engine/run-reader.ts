import { HeddleError, type RunRow, type RunStore, type StoredEvent, type StoredMessage } from "@heddle/kernel";
import { isToldToCancel, segmentOf } from "@heddle/kernel/internal";
import { readEvent } from "./event-text.ts";
import { HistoryReader, type FrameHistory } from "./frame/history.ts";
import type { RunSource, StoredRunEvent } from "./load-run.ts";
import { nearest } from "./nearest.ts";
import type { OwnedRun } from "./owned-run.ts";

/** Journal rows read at once. */
const pageRows = 2_000;
/** Runs that an unknown id is compared with. */
const comparedIds = 200;

/** Reads what the store keeps of runs: their rows and their journals. */
export class RunReader implements RunSource {
  readonly store: RunStore;

  constructor(store: RunStore) {
    this.store = store;
  }

  /** @throws HeddleError `RUN_UNKNOWN`, naming the nearest ids */
  async row(runId: string): Promise<RunRow> {
    const row = await this.store.get(runId);
    if (row !== null) return row;
    const ids = (await this.store.list({ limit: comparedIds })).map((each) => each.runId);
    const near = nearest(runId, ids);
    throw new HeddleError("RUN_UNKNOWN", `There is no run "${runId}".${near.length === 0 ? "" : ` Did you mean ${near.join(", ")}?`}`, {
      data: { runId, nearest: near },
    });
  }

  snapshot(runId: string, beforeSeq?: number): Promise<{ readonly seq: number; readonly body: string } | null> {
    return this.store.readSnapshot(runId, beforeSeq);
  }

  mail(runId: string): Promise<readonly StoredMessage[]> {
    return this.store.readMail(runId);
  }

  async events(runId: string, afterSeq = 0): Promise<StoredRunEvent[]> {
    const events: StoredRunEvent[] = [];
    for (;;) {
      const page = await this.page(runId, events.at(-1)?.seq ?? afterSeq, pageRows);
      for (const event of page) events.push(event);
      if (page.length < pageRows) return events;
    }
  }

  /** The next events after a seq, at most `limit`. */
  async page(runId: string, afterSeq: number, limit: number): Promise<StoredRunEvent[]> {
    const page = await this.store.readJournal(runId, afterSeq, limit);
    return page.map(decoded);
  }

  /** The last events, at most `count`. */
  async last(runId: string, count: number): Promise<StoredRunEvent[]> {
    return (await this.store.readLast(runId, count)).map(decoded);
  }

  /** What an activation of a run has recorded so far. */
  async history(run: OwnedRun, of: number): Promise<FrameHistory> {
    const reader = new HistoryReader(of, segmentOf(run.state, of));
    for (const { seq, event } of await this.events(run.runId, run.beginningOf(of) - 1)) reader.add(seq, event);
    if (isToldToCancel(run.state, of)) reader.toldToCancel(run.facts.cancelReason);
    return reader.history();
  }
}

/** An event of a journal as it is kept, read. */
export function decoded({ seq, body }: StoredEvent): StoredRunEvent {
  return { seq, event: readEvent(body), length: body.length };
}
