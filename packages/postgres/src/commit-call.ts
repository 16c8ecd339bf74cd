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
import { completed, dedupText, keptTags, type RunRecord, statusNumber, toRunRow } from "./run-row.ts";
import { toKept, toKeptOrNull } from "./text.ts";

/** What the function `commit` answers: null when all that came as arrays was inserted and there was nothing else. */
export interface CommitAnswer {
  /** Numbers of runs of the arrays that are not ours any more. */
  readonly stale?: readonly number[];
  /** Numbers of runs of the arrays that ended, and that somebody waits for. */
  readonly awaited?: readonly number[];
  /** Of the new runs that their node takes at once. */
  readonly births?: readonly CreateAnswer[];
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
 * A batch on its way. Parts that only append events, or end their run with them, of runs whose place is known, become arrays with one entry an event
 * and one a run that ends. New runs that their node takes at once go together; everything else becomes one JSON text.
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
  readonly #ends: End[] = [];
  /** What was known of the run, for parts that go as arrays; else null. Kept here: by the time of the answer it may be forgotten. */
  readonly #quick: (KnownRun | null)[];
  readonly #rest: RunPart[] = [];
  /** So many of the new runs, from the first on, are made together. */
  readonly #born: number;

  constructor(batch: CommitBatch, known: KnownRuns) {
    this.batch = batch;
    this.#known = known;
    const { creates = [], parts = [] } = batch;
    this.#born = bornTogether(creates);
    const seen = new Map<string, number>();
    for (const { runId, messages } of parts) {
      seen.set(runId, (seen.get(runId) ?? 0) + 1);
      // Whether a message comes before its run's end or behind it is told by their order.
      if (messages !== undefined) for (const message of messages) seen.set(message.runId, 2);
    }
    for (const { row } of creates) seen.set(row.runId, 2);
    this.#quick = parts.map((part) => {
      const quick = seen.get(part.runId) === 1 ? this.#addQuick(part) : null;
      if (quick === null) this.#rest.push(part);
      return quick;
    });
  }

  /** Parameters of the function `commit`. @param file of the journal that the known runs stand in */
  parameters(nowMs: number, file: number | null, hint: string | null): unknown[] {
    // In the order in which runs are locked everywhere.
    const ends = this.#ends.sort((one, other) => (one.runId < other.runId ? -1 : 1));
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
      ends.map(({ run }) => run),
      ends.map(({ status }) => status),
      ends.map(({ atMs }) => atMs),
      ends.map(({ dead }) => dead),
      ends.map(({ note }) => note),
      this.#births(),
      this.#restJson(this.#born),
      hint,
    ];
  }

  /** All of it as JSON, for who writes what is new one by one. */
  rest(): string | null {
    return this.#restJson(0);
  }

  #births(): string | null {
    if (this.#born === 0) return null;
    const kinds = new Map<string, number>();
    const runs = this.batch.creates!.slice(0, this.#born).map((birth) => {
      const { workflow, version, queue, placement } = birth.row;
      const name = JSON.stringify([workflow, version, queue, placement].map(toKeptOrNull));
      let kind = kinds.get(name);
      if (kind === undefined) kinds.set(name, (kind = kinds.size));
      return { ...createJson(birth), kind };
    });
    return `{"kinds":[${[...kinds.keys()].join(",")}],"runs":${JSON.stringify(runs)}}`;
  }

  /** @param born so many of the new runs go another way */
  #restJson(born: number): string | null {
    const { messages = [] } = this.batch;
    const creates = (this.batch.creates ?? []).slice(born);
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
    const awaited = new Set(answer?.awaited);
    return [
      ...this.#ends.filter(({ run }) => awaited.has(run)).map(({ runId }) => runId),
      ...(answer?.parts ?? []).flatMap((part, index) => (part.status === "ok" && part.awaited === true ? [this.#rest[index]!.runId] : [])),
    ];
  }

  verdict(answer: CommitAnswer | null): CommitVerdict {
    const stale = new Set(answer?.stale);
    const { creates = [], parts = [] } = this.batch;
    const made = [...(answer?.births ?? []), ...(answer?.creates ?? [])];
    let next = 0;
    return {
      creates: creates.map((run, index) => createVerdict(run, made[index]!, this.#known)),
      parts: parts.map((part, index): PartVerdict => {
        const quick = this.#quick[index]!;
        if (quick === null) return partVerdict(part, answer!.parts![next++]!, this.#known);
        if (stale.has(quick.run)) {
          this.#known.forget(part.runId);
          return { status: "stale" };
        }
        quick.seq += part.events.length;
        if (part.release !== undefined) this.#known.forget(part.runId);
        return { status: "ok", seq: quick.seq };
      }),
      messages: (answer?.messages ?? []).map((status) => ({ status })),
    };
  }

  #addQuick(part: RunPart): KnownRun | null {
    const { runId, epoch, expectedSeq, events, atMs, release } = part;
    const known = this.#known.get(runId);
    if (known === undefined || known.epoch !== epoch || known.seq !== expectedSeq || events.length === 0 || !isPlain(part)) return null;
    if (release !== undefined) {
      const status = statusNumber(release.status);
      if (status < completed || release.wakeAtMs !== null || release.version !== undefined || known.limited) return null;
      const { dead, note } = release;
      this.#ends.push({ runId, run: known.run, status, atMs, dead: toKeptOrNull(dead), note: toKeptOrNull(note) });
    }
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

/** A run that ends, as `commit` takes it. */
interface End {
  readonly runId: RunId;
  readonly run: number;
  readonly status: number;
  readonly atMs: number;
  readonly dead: string | null;
  readonly note: string | null;
}

/** Nothing but events, and maybe a release. */
function isPlain({ mailSeen, children, messages, progress, snapshot, statements }: RunPart): boolean {
  return (
    mailSeen === undefined &&
    children === undefined &&
    messages === undefined &&
    progress !== true &&
    snapshot === undefined &&
    statements === undefined
  );
}

/**
 * How many of these new runs, from the first on, one statement may make: one node takes them at once, nothing counts them, and no two are the same. Those
 * behind them are made later: the order in which runs were created is told.
 */
function bornTogether(creates: readonly NewRun[]): number {
  const names = new Set<string>();
  const node = creates[0]?.claimFor;
  let count = 0;
  for (const { row, claimFor } of creates) {
    const { runId, workflow, dedupKey, limitKey, rateKey, tags } = row;
    if (claimFor === undefined || claimFor !== node || limitKey !== null || rateKey !== null || Object.keys(tags).length > 0) break;
    const own = [`id ${toKept(runId)}`];
    if (dedupKey !== null) own.push(`key ${dedupText(toKept(workflow), toKept(dedupKey))}`);
    if (own.some((name) => names.has(name))) break;
    for (const name of own) names.add(name);
    count++;
  }
  return count;
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
    ...(row.rateKey === null ? null : { rateKey: toKept(row.rateKey), rateMax: row.rateMax, ratePeriodMs: row.ratePeriodMs }),
    queue: toKept(row.queue),
    placement: toKeptOrNull(row.placement),
    ...(row.tenant === null ? null : { tenant: toKept(row.tenant) }),
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
    known.claimed(made.row.runId, { run, node, epoch: 1, limited: made.row.limitKey !== null, seq: made.events.length }, made.claimFor);
  return { status: "created", claimed };
}

export function partVerdict(part: RunPart, answer: PartAnswer, known: KnownRuns): PartVerdict {
  if (answer.status !== "ok") {
    if (answer.status === "stale") known.forget(part.runId);
    return { status: answer.status };
  }
  const { run, node, seq } = answer;
  const limited = known.get(part.runId)?.limited ?? true;
  if (part.release === undefined) known.keep(part.runId, { run, node, epoch: part.epoch, limited, seq });
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
