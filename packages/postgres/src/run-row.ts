import type { RunRow, RunStatus } from "@heddle/kernel";
import { fromKept, fromKeptOrNull, toKept } from "./text.ts";

/** By the number under which each is kept. */
const statuses = [
  "queued",
  "waiting",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "timed-out",
] as const satisfies readonly RunStatus[];

export const completed = 4;

export function statusNumber(status: RunStatus): number {
  return statuses.indexOf(status);
}

/** A row of the view `run_row`. */
export interface RunRecord {
  readonly run: number;
  readonly id: string;
  readonly workflow: string;
  readonly version: string | null;
  readonly queue: string;
  readonly placement: string | null;
  /** Empty: none. */
  readonly tenant: string;
  readonly status: number;
  readonly epoch: number;
  /** Number of the owner. */
  readonly node: number | null;
  readonly owner: string | null;
  readonly wake_at: number | null;
  readonly crashes: number;
  readonly mail_seq: number;
  readonly mail_seen: number;
  readonly priority: number;
  readonly limit_key: string | null;
  readonly limit_max: number | null;
  readonly rate_key: string | null;
  readonly rate_max: number | null;
  readonly rate_period: number | null;
  readonly dedup: string | null;
  readonly parent: string | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly created_at: number;
  readonly ended_at: number | null;
  readonly input_hash: string;
  readonly dead: string | null;
  readonly note: string | null;
}

export function toRunRow(record: RunRecord): RunRow {
  return {
    runId: fromKept(record.id),
    workflow: fromKept(record.workflow),
    version: fromKeptOrNull(record.version),
    status: statuses[record.status]!,
    epoch: record.epoch,
    owner: fromKeptOrNull(record.owner),
    wakeAtMs: record.wake_at,
    crashes: record.crashes,
    mailSeq: record.mail_seq,
    mailSeen: record.mail_seen,
    priority: record.priority,
    limitKey: fromKeptOrNull(record.limit_key),
    limitMax: record.limit_max,
    rateKey: fromKeptOrNull(record.rate_key),
    rateMax: record.rate_max,
    ratePeriodMs: record.rate_period,
    queue: fromKept(record.queue),
    placement: fromKeptOrNull(record.placement),
    tenant: record.tenant === "" ? null : fromKept(record.tenant),
    dedupKey: record.dedup === null ? null : fromKept(record.dedup.slice(dedupText(record.workflow, "").length)),
    parentId: fromKeptOrNull(record.parent),
    tags:
      record.tags === null ? {} : Object.fromEntries(Object.entries(record.tags).map(([name, value]) => [fromKept(name), fromKept(value)])),
    createdAtMs: record.created_at,
    endedAtMs: record.ended_at,
    inputHash: fromKept(record.input_hash),
    dead: fromKeptOrNull(record.dead),
    note: fromKeptOrNull(record.note),
  };
}

/** A dedup key as it is kept: unique within its workflow. The length keeps two pairs of equal joined text apart. Both texts are kept ones. */
export function dedupText(workflow: string, key: string): string {
  return `${workflow.length}:${workflow}${key}`;
}

export function keptTags(tags: Readonly<Record<string, string>>): Record<string, string> | null {
  const entries = Object.entries(tags);
  return entries.length === 0 ? null : Object.fromEntries(entries.map(([name, value]) => [toKept(name), toKept(value)]));
}
