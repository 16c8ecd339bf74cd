import type {
  CommitBatch,
  CommitVerdict,
  CreateVerdict,
  MessageVerdict,
  NewMessage,
  NewRun,
  PartVerdict,
  RunId,
  RunPart,
} from "@heddle/kernel";
import { checksum } from "./checksum.ts";
import type { KnownRun, KnownRuns } from "./known-runs.ts";
import { dedupText, keptTags, type RunRecord, statusNumber, toRunRow } from "./run-row.ts";
import { toKept, toKeptOrNull } from "./text.ts";

/** What the function `commit` answers: null when all that came as arrays was inserted and there was nothing else. */
export interface CommitAnswer {
  /** Numbers of runs of the arrays that are not ours any more. */
  readonly stale?: readonly number[];
  readonly creates?: readonly CreateAnswer[];
  readonly parts?: readonly PartAnswer[];
  readonly messages?: readonly MessageVerdict["status"][];
}

export type CreateAnswer =
  | { readonly status: "created"; readonly claimed: boolean; readonly run: number; readonly node: number | null }
  | { readonly status: "exists"; readonly row: RunRecord };

export type PartAnswer =
  | { readonly status: "stale" | "mail" }
  | {
      readonly status: "ok";
      readonly seq: number;
      readonly run: number;
      readonly node: number;
      readonly children?: readonly CreateAnswer[];
      readonly messages?: readonly MessageVerdict["status"][];
      /** Its limit has a place again. */
      readonly placeFree?: true;
      /** It ended, and somebody waits for that. */
      readonly awaited?: true;
    };

/**
 * A batch on its way. Parts that only append events, of runs whose place is known, become six arrays with one entry an event; everything else
 * becomes one JSON text.
 */
export class CommitCall {
  readonly batch: CommitBatch;
  readonly #known: KnownRuns;
  readonly #nodes = new Set<number>();
  readonly #runs: number[] = [];
  readonly #epochs: number[] = [];
  readonly #seqs: number[] = [];
  readonly #times: number[] = [];
  readonly #checksums: number[] = [];
  readonly #bodies: string[] = [];
  /** What was known of the run, for parts that go as arrays; else null. Kept here: by the time of the answer it may be forgotten. */
  readonly #quick: (KnownRun | null)[];
  readonly #rest: RunPart[] = [];

  constructor(batch: CommitBatch, known: KnownRuns) {
    this.batch = batch;
    this.#known = known;
    const { creates = [], parts = [] } = batch;
    const seen = new Map<string, number>();
    for (const { runId } of parts) seen.set(runId, (seen.get(runId) ?? 0) + 1);
    for (const { row } of creates) seen.set(row.runId, 2);
    this.#quick = parts.map((part) => {
      const quick = seen.get(part.runId) === 1 ? this.#addQuick(part) : null;
      if (quick === null) this.#rest.push(part);
      return quick;
    });
  }

  /** Parameters of the function `commit`. @param file of the journal that the known runs stand in */
  parameters(nowMs: number, file: number | null, hint: string | null): unknown[] {
    return [
      nowMs,
      file,
      [...this.#nodes],
      this.#runs,
      this.#epochs,
      this.#seqs,
      this.#times,
      this.#checksums,
      this.#bodies,
      this.rest(),
      hint,
    ];
  }

  /** All but the arrays, as JSON; null: there is nothing else. */
  rest(): string | null {
    const { creates = [], messages = [] } = this.batch;
    return creates.length + this.#rest.length + messages.length === 0
      ? null
      : JSON.stringify({
          creates: creates.map(createJson),
          parts: this.#rest.map((part) => partJson(part, this.#known)),
          messages: messages.map(messageJson),
        });
  }

  /** Did a run with a limit give its place up? */
  static placeFree(answer: CommitAnswer | null): boolean {
    return answer?.parts?.some((part) => part.status === "ok" && part.placeFree === true) === true;
  }

  /** Runs that ended and that somebody waits for. */
  awaited(answer: CommitAnswer | null): RunId[] {
    return (answer?.parts ?? []).flatMap((part, index) =>
      part.status === "ok" && part.awaited === true ? [this.#rest[index]!.runId] : [],
    );
  }

  verdict(answer: CommitAnswer | null): CommitVerdict {
    const stale = new Set(answer?.stale);
    const { creates = [], parts = [] } = this.batch;
    let next = 0;
    return {
      creates: creates.map((run, index) => createVerdict(run, answer!.creates![index]!, this.#known)),
      parts: parts.map((part, index): PartVerdict => {
        const quick = this.#quick[index]!;
        if (quick === null) return partVerdict(part, answer!.parts![next++]!, this.#known);
        if (stale.has(quick.run)) {
          this.#known.forget(part.runId);
          return { status: "stale" };
        }
        quick.seq += part.events.length;
        return { status: "ok", seq: quick.seq };
      }),
      messages: (answer?.messages ?? []).map((status) => ({ status })),
    };
  }

  #addQuick(part: RunPart): KnownRun | null {
    const { runId, epoch, expectedSeq, events, atMs } = part;
    const known = this.#known.get(runId);
    if (known === undefined || known.epoch !== epoch || known.seq !== expectedSeq || events.length === 0 || !onlyAppends(part)) return null;
    this.#nodes.add(known.node);
    let { seq } = known;
    for (const body of events) {
      seq++;
      this.#runs.push(known.run);
      this.#epochs.push(epoch);
      this.#seqs.push(seq);
      this.#times.push(atMs);
      this.#checksums.push(checksum(runId, seq, atMs, body));
      this.#bodies.push(toKept(body));
    }
    return known;
  }
}

function onlyAppends({ mailSeen, children, messages, release, progress, snapshot, statements }: RunPart): boolean {
  return (
    mailSeen === undefined &&
    children === undefined &&
    messages === undefined &&
    release === undefined &&
    progress !== true &&
    snapshot === undefined &&
    statements === undefined
  );
}

export function createJson({ row, events, claimFor }: NewRun): object {
  const workflow = toKept(row.workflow);
  const tags = keptTags(row.tags);
  return {
    runId: toKept(row.runId),
    workflow,
    version: toKeptOrNull(row.version),
    wakeAtMs: row.wakeAtMs,
    priority: row.priority,
    limitKey: toKeptOrNull(row.limitKey),
    limitMax: row.limitMax,
    queue: toKept(row.queue),
    placement: toKeptOrNull(row.placement),
    dedup: row.dedupKey === null ? null : dedupText(workflow, toKept(row.dedupKey)),
    parentId: toKeptOrNull(row.parentId),
    ...(tags === null ? null : { tags }),
    createdAtMs: row.createdAtMs,
    inputHash: toKept(row.inputHash),
    events: events.map((body, index) => [checksum(row.runId, index + 1, row.createdAtMs, body), toKept(body)]),
    ...(claimFor === undefined ? null : { claimFor: toKept(claimFor) }),
  };
}

export function partJson({ runId, epoch, expectedSeq, atMs, events, ...part }: RunPart, known: KnownRuns): object {
  const { release } = part;
  const owner = known.ownerOf(runId, epoch);
  return {
    runId: toKept(runId),
    epoch,
    ...(owner === undefined ? null : { owner: toKept(owner) }),
    expectedSeq,
    atMs,
    events: events.map((body, index) => [checksum(runId, (expectedSeq ?? 0) + index + 1, atMs, body), toKept(body)]),
    mailSeen: part.mailSeen,
    ...(part.progress === true ? { progress: true } : null),
    ...(part.snapshot === undefined
      ? null
      : { snapshot: [checksum(runId, "snapshot", 0, part.snapshot.body), toKept(part.snapshot.body)] }),
    children: part.children?.map(createJson),
    messages: part.messages?.map(messageJson),
    ...(release === undefined
      ? null
      : {
          release: {
            status: statusNumber(release.status),
            wakeAtMs: release.wakeAtMs,
            dead: toKeptOrNull(release.dead),
            note: toKeptOrNull(release.note),
            ...(release.version === undefined ? null : { version: toKeptOrNull(release.version) }),
          },
        }),
  };
}

export function messageJson({ runId, id, atMs, body }: NewMessage): object {
  return { runId: toKept(runId), id: toKept(id), atMs, crc: checksum(runId, id, atMs, body), body: toKept(body) };
}

export function createVerdict(made: NewRun, answer: CreateAnswer, known: KnownRuns): CreateVerdict {
  if (answer.status === "exists") return { status: "exists", row: toRunRow(answer.row) };
  const { claimed, run, node } = answer;
  if (node !== null && made.claimFor !== undefined)
    known.claimed(made.row.runId, { run, node, epoch: 1, seq: made.events.length }, made.claimFor);
  return { status: "created", claimed };
}

export function partVerdict(part: RunPart, answer: PartAnswer, known: KnownRuns): PartVerdict {
  if (answer.status !== "ok") {
    if (answer.status === "stale") known.forget(part.runId);
    return { status: answer.status };
  }
  const { run, node, seq } = answer;
  if (part.release === undefined) known.keep(part.runId, { run, node, epoch: part.epoch, seq });
  else known.forget(part.runId);
  return {
    status: "ok",
    seq,
    ...(part.children === undefined
      ? null
      : { children: part.children.map((child, index) => createVerdict(child, answer.children![index]!, known)) }),
    ...(part.messages === undefined ? null : { messages: (answer.messages ?? []).map((status) => ({ status })) }),
  };
}
