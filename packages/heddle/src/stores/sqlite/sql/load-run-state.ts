import type { RunId } from "@heddle/kernel";
import type { Connection, Row } from "../connection.ts";
import { eventsAfter, largestSeq } from "./event-range.ts";

/** What the writer must know of a run to check and change it. */
export interface RunState {
  readonly run: number;
  readonly runId: RunId;
  readonly limitKey: string | null;
  readonly tenant: string;
  readonly rateKey: string | null;
  /** Of the one that waits for its rate before the others of its lane: since when it has been due. */
  readonly dueAtMs: number | null;
  kind: number;
  status: number;
  epoch: number;
  /** Last of its journal. */
  seq: number;
  /** Last seq that was compacted away. */
  base: number;
  hasSnapshot: boolean;
  crashes: number;
  mailSeq: number;
  mailSeen: number;
  wakeAtMs: number | null;
}

interface Loaded extends Row {
  run: number;
  id: string;
  limit_key: string | null;
  tenant: string;
  rate_key: string | null;
  due_at: number | null;
  kind: number;
  status: number;
  epoch: number;
  seq: number;
  base: number;
  snapshots: number;
  crashes: number;
  mail_seq: number;
  mail_seen: number;
  wake_at: number | null;
}

export interface LoadRunState {
  byId(runId: RunId): RunState | null;
  byNumber(run: number): RunState | null;
}

export function loadRunState(connection: Connection): LoadRunState {
  const load = (condition: string) => {
    const select = connection.statement(
      `SELECT run, id, limit_key, tenant, rate_key, due_at, kind, status, epoch, base, crashes, mail_seq, mail_seen, wake_at,
         coalesce((SELECT max(j.event) FROM heddle_journal j WHERE ${eventsAfter("r.run", "0")}) & ${largestSeq}, base) AS seq,
         EXISTS (SELECT 1 FROM heddle_snapshot s WHERE s.run = r.run) AS snapshots
       FROM heddle_run r WHERE ${condition}`,
    );
    return (key: string | number): RunState | null => {
      const row = select.get<Loaded>(key);
      if (row === undefined) return null;
      const { run, kind, status, epoch, seq, base, crashes } = row;
      return {
        run,
        runId: row.id,
        limitKey: row.limit_key,
        tenant: row.tenant,
        rateKey: row.rate_key,
        dueAtMs: row.due_at,
        kind,
        status,
        epoch,
        seq,
        base,
        hasSnapshot: row.snapshots === 1,
        crashes,
        mailSeq: row.mail_seq,
        mailSeen: row.mail_seen,
        wakeAtMs: row.wake_at,
      };
    };
  };
  return { byId: load("id = ?"), byNumber: load("run = ?") };
}
