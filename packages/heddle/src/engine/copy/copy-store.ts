/**
 * Moves the runs of one store to another. What holds at every moment, wherever the process is killed:
 *
 * 1. A run goes on in one store. The source is closed to writers before the first run is written elsewhere, and what could go on arrives paused.
 *    It is let go when all have arrived and were compared, after the source has noted that they are gone for good.
 * 2. Done again, the same copy goes on where it stopped: what has arrived is left as it is.
 * 3. Runs of the target's own are not touched. A run there that is another one is found before anything is written.
 * 4. Memory: a page of rows and a batch of runs, however many there are.
 */
import { HeddleError, hasCode, type RunRow, type RunStatus, type RunStore, type StoreMove, type WholeRun } from "@heddle/kernel";
import { checkAtRest, freeTheDead } from "./at-rest.ts";
import { copyBlobs, type DamagedBlob } from "./copy-blobs.ts";
import { runPages } from "./run-pages.ts";
import { VerifiedCopy } from "./verify-copy.ts";
import { arrivesFromSomewhere, arriving, arrivingNote, differenceOf, goesOn, isArriving, settled, sizeOf } from "./whole-run.ts";

export interface CopyEnds {
  readonly from: RunStore;
  readonly to: RunStore;
  /** Their addresses, as people are told them and as the source remembers the target: no password. */
  readonly fromName: string;
  readonly toName: string;
}

export interface CopyOptions extends CopyEnds {
  readonly clock: { nowMs(): number };
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Aborted: stops before the next batch and throws its reason. The same copy can be gone on with. */
  readonly signal?: AbortSignal;
}

/** `check`: what is there is compared, nothing is written yet. `hand-over`: the runs are let go in the target. */
export interface CopyProgress {
  readonly phase: "check" | "values" | "runs" | "verify" | "hand-over";
  readonly done: number;
  /** Null: not known yet. */
  readonly total: number | null;
}

export interface CopyReport {
  /** The runs were there already, from a copy that had come to its end. */
  readonly again: boolean;
  /** Runs of the source. */
  readonly runs: number;
  /** Of these, written by this copy; the others were there from one that was interrupted. */
  readonly written: number;
  /** How many have which status: the same in both. */
  readonly statuses: Readonly<Partial<Record<RunStatus, number>>>;
  /** SHA-256 over the digests of all runs, in order of their creation, hexadecimal: the same of both. */
  readonly digest: string;
  /** Runs whose state was told from both journals, and was the same. Of the others the plan is not kept. */
  readonly folded: number;
  /** Values kept by their content, such as plans. */
  readonly values: number;
  /** What cannot be read in the source, and stays there. */
  readonly damaged: readonly { readonly runId: string; readonly message: string }[];
  readonly damagedValues: readonly DamagedBlob[];
}

const mostNamed = 20;
/** A batch: one transaction of the target. */
const batchRuns = 100;
const batchCharacters = 4_000_000;

/**
 * Move all runs, values and consumed mail's ids from one store to another, compare them there, and let them go on in the target. The source stays as
 * it is, closed to writers.
 *
 * @throws HeddleError `STORE_MOVED` the source was moved elsewhere, or the target was; `STORE_IN_USE` a node runs runs of the source; `COPY_CONFLICT` the
 *   target holds another run with an id or dedup key: nothing was written in these cases. `COPY_DIFFERS` a run is not the same in both stores: nothing
 *   goes on in either until the same copy succeeds or is undone
 */
export async function copyStore(options: CopyOptions): Promise<CopyReport> {
  const { from, to, fromName, toName, clock, signal } = options;
  const tell = options.onProgress ?? (() => {});
  const note = arrivingNote(fromName);
  const moved = await from.readMove();
  checkTarget(moved, options);
  const target = await to.readMove();
  if (target !== null)
    throw new HeddleError("STORE_MOVED", `The runs of ${toName} were moved to ${target.to}: copy to that store.`, {
      data: { to: target.to },
    });
  if (moved?.done === true) {
    await handOver(options, note, tell);
    return new VerifiedCopy(options, note, tell).count();
  }

  if (moved === null) {
    await freeTheDead(from, clock.nowMs());
    await checkAtRest(from, fromName);
  }
  const total = await checkConflicts(options, note, tell);
  if (!(await from.setMove({ to: toName, done: false }))) {
    await checkAtRest(from, fromName);
    throw new HeddleError("STORE_IN_USE", `${fromName} was in use a moment ago: copy again.`, { data: { store: fromName } });
  }
  const { values, damagedValues } = await copyBlobs(options, tell);
  const { written, damaged } = await copyRuns(options, note, total, tell);
  const verified = await new VerifiedCopy(options, note, tell).verify(total);
  signal?.throwIfAborted();
  await from.setMove({ to: toName, done: true });
  await handOver(options, note, tell);
  return { again: false, written, values, damaged, damagedValues, ...verified };
}

/**
 * Take back a copy that has not come to its end: what has arrived is removed from the target, and the source is open again.
 *
 * @returns how many runs were removed; null: no copy of this source was under way
 * @throws HeddleError `STORE_MOVED` it has come to its end, or went elsewhere; `COPY_DIFFERS` a run has gone on in the target already: nothing was changed
 */
export async function undoCopy(options: CopyEnds): Promise<number | null> {
  const { from, to, fromName, toName } = options;
  const note = arrivingNote(fromName);
  const moved = await from.readMove();
  if (moved === null) return null;
  checkTarget(moved, options);
  if (moved.done)
    throw new HeddleError(
      "STORE_MOVED",
      `The runs of ${fromName} go on at ${toName} already. To have them back, copy that store to a new one.`,
      {
        data: { to: toName },
      },
    );
  const arrived = async function* (): AsyncGenerator<readonly [RunRow, RunRow]> {
    for await (const rows of runPages(from)) {
      const there = await to.findTaken(rows);
      for (const [index, row] of rows.entries()) if (there[index]?.runId === row.runId) yield [row, there[index]];
    }
  };
  for await (const [row, there] of arrived()) {
    if (isArriving(there, note) || (await difference(options, row.runId, note)) === null) continue;
    const message = `Run ${row.runId} has gone on at ${toName} already: it cannot be taken back.`;
    throw new HeddleError("COPY_DIFFERS", message, { data: { runIds: [row.runId] } });
  }
  let removed = 0;
  for await (const [row] of arrived()) if (await to.delete(row.runId)) removed++;
  await from.setMove(null);
  return removed;
}

/** A source that is closed is closed for this target, or not to be copied. */
function checkTarget(moved: StoreMove | null, { fromName, toName }: CopyEnds): void {
  if (moved === null || moved.to === toName) return;
  const message = moved.done
    ? `The runs of ${fromName} were moved to ${moved.to}: copy from there.`
    : `The runs of ${fromName} are being moved to ${moved.to}: go on with that copy, or take it back with --undo, before you copy them elsewhere.`;
  throw new HeddleError("STORE_MOVED", message, { data: { to: moved.to } });
}

/** Returns how many runs the source has. */
async function checkConflicts(options: CopyOptions, note: string, tell: (progress: CopyProgress) => void): Promise<number> {
  const { from, to, fromName, toName, signal } = options;
  const taken: string[] = [];
  const lines: string[] = [];
  let total = 0;
  for await (const rows of runPages(from)) {
    signal?.throwIfAborted();
    total += rows.length;
    tell({ phase: "check", done: total, total: null });
    const guest = rows.find(arrivesFromSomewhere);
    if (guest !== undefined) {
      const message = `Run ${guest.runId} is on its way into ${fromName} from another store: let that copy come to its end, or take it back, before you copy this one.`;
      throw new HeddleError("STORE_IN_USE", message, { data: { store: fromName, nodes: [], runIds: [guest.runId] } });
    }
    for (const [index, there] of (await to.findTaken(rows)).entries()) {
      const row = rows[index]!;
      if (there === null) continue;
      const what = there.runId === row.runId ? await difference(options, row.runId, note) : `run ${there.runId} has its dedup key`;
      if (what === null) continue;
      taken.push(row.runId);
      if (lines.length < mostNamed) lines.push(`${row.runId}: ${what}`);
    }
  }
  if (taken.length === 0) return total;
  const named = taken.slice(0, mostNamed).join(", ") + (taken.length > mostNamed ? ` and ${taken.length - mostNamed} more` : "");
  const message = `${toName} holds other runs than these with the same id or dedup key: ${named}. Nothing was written. Delete them on one side, or copy to another store.`;
  throw new HeddleError("COPY_CONFLICT", message, { data: { runIds: taken.slice(0, mostNamed), count: taken.length, difference: lines } });
}

/** In what the run of the target is another one than the source's; null: in nothing, or the source's cannot be read. */
async function difference({ from, to }: CopyEnds, runId: string, note: string): Promise<string | null> {
  const [source, there] = [await readable(from, runId), await to.exportRun(runId)];
  if (source instanceof HeddleError || source === null || there === null) return null;
  return differenceOf(source, settled(there, source.row, note));
}

/** The run, or in what it is damaged. */
async function readable(store: RunStore, runId: string): Promise<WholeRun | HeddleError | null> {
  try {
    return await store.exportRun(runId);
  } catch (error) {
    if (error instanceof HeddleError && hasCode(error, "JOURNAL_CORRUPT")) return error;
    throw error;
  }
}

async function copyRuns(
  options: CopyOptions,
  note: string,
  total: number,
  tell: (progress: CopyProgress) => void,
): Promise<Pick<CopyReport, "written" | "damaged">> {
  const { from, to, signal } = options;
  const damaged: { runId: string; message: string }[] = [];
  let written = 0;
  let done = 0;
  let batch: WholeRun[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    signal?.throwIfAborted();
    const verdicts = await to.importRuns(batch);
    written += verdicts.filter(({ status }) => status === "imported").length;
    batch = [];
    size = 0;
  };
  for await (const rows of runPages(from)) {
    const taken = await to.findTaken(rows);
    for (const [index, { runId }] of rows.entries()) {
      done++;
      if (taken[index] !== null) continue;
      const whole = await readable(from, runId);
      if (whole instanceof HeddleError) damaged.push({ runId, message: whole.message });
      if (whole instanceof HeddleError || whole === null) continue;
      batch.push(arriving(whole, note));
      size += sizeOf(whole);
      if (batch.length < batchRuns && size < batchCharacters) continue;
      await flush();
      tell({ phase: "runs", done, total });
    }
  }
  await flush();
  tell({ phase: "runs", done, total });
  return { written, damaged };
}

/** Let go on in the target what arrived paused. Done again it finds nothing to do. */
async function handOver({ from, to }: CopyEnds, note: string, tell: (progress: CopyProgress) => void): Promise<void> {
  let done = 0;
  for await (const rows of runPages(from, ["queued", "waiting"])) {
    const taken = await to.findTaken(rows);
    for (const [index, row] of rows.entries()) {
      const there = taken[index] ?? null;
      if (there === null || !goesOn(row) || !isArriving(there, note)) continue;
      await to.setStatus(row.runId, ["paused"], row.status as "queued" | "waiting", row.wakeAtMs, row.note);
    }
    done += rows.length;
    tell({ phase: "hand-over", done, total: null });
  }
}
