import { ageingMs, type RunRow, type RunStatus } from "@heddle/kernel";
import type { Row } from "./connection.ts";

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

export const running = 2;
export const completed = 4;

export function statusNumber(status: RunStatus): number {
  return statuses.indexOf(status);
}

export function isEnd(status: number): boolean {
  return status >= completed;
}

/** May a claim take it? */
export function isClaimable(status: number): boolean {
  return status < running;
}

/** What `claimRankMs` gives, of columns: as in the index of held runs. */
export const rankColumns = `wake_at - priority * ${ageingMs}`;

/** What every query for whole rows selects, and from where. */
export const runColumns = `r.run, r.id, k.workflow, k.version, k.queue, k.placement, r.tenant, r.status, r.epoch, n.name AS owner, r.wake_at, r.crashes, r.mail_seq, r.mail_seen,
  r.priority, r.limit_key, r.limit_max, r.rate_key, r.rate_max, r.rate_period, r.dedup, r.parent, r.tags, r.created_at, r.ended_at, r.input_hash, r.dead, r.note`;
export const runJoins = "JOIN heddle_kind k ON k.kind = r.kind LEFT JOIN heddle_node n ON n.node = r.owner";

export interface RunRecord extends Row {
  run: number;
  id: string;
  workflow: string;
  version: string | null;
  queue: string;
  placement: string | null;
  /** Empty: none. */
  tenant: string;
  status: number;
  epoch: number;
  owner: string | null;
  wake_at: number | null;
  crashes: number;
  mail_seq: number;
  mail_seen: number;
  priority: number;
  limit_key: string | null;
  limit_max: number | null;
  rate_key: string | null;
  rate_max: number | null;
  rate_period: number | null;
  dedup: string | null;
  parent: string | null;
  tags: string | null;
  created_at: number;
  ended_at: number | null;
  input_hash: string;
  dead: string | null;
  note: string | null;
}

export function toRunRow(record: RunRecord): RunRow {
  return {
    runId: record.id,
    workflow: record.workflow,
    version: record.version,
    status: statuses[record.status]!,
    epoch: record.epoch,
    owner: record.owner,
    wakeAtMs: record.wake_at,
    crashes: record.crashes,
    mailSeq: record.mail_seq,
    mailSeen: record.mail_seen,
    priority: record.priority,
    limitKey: record.limit_key,
    limitMax: record.limit_max,
    rateKey: record.rate_key,
    rateMax: record.rate_max,
    ratePeriodMs: record.rate_period,
    queue: record.queue,
    placement: record.placement,
    tenant: record.tenant === "" ? null : record.tenant,
    dedupKey: record.dedup === null ? null : record.dedup.slice(dedupText(record.workflow, "").length),
    parentId: record.parent,
    tags: record.tags === null ? {} : (JSON.parse(record.tags) as Record<string, string>),
    createdAtMs: record.created_at,
    endedAtMs: record.ended_at,
    inputHash: record.input_hash,
    dead: record.dead,
    note: record.note,
  };
}

/** A dedup key as it is kept: unique within its workflow. The length keeps two pairs of equal joined text apart. */
export function dedupText(workflow: string, key: string): string {
  return `${workflow.length}:${workflow}${key}`;
}
