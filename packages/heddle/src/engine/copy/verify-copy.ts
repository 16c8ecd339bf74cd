import { createHash } from "node:crypto";
import { HeddleError, hasCode, type RunRow, type RunStatus, type RunStore, type WholeRun } from "@heddle/kernel";
import type { CopyOptions, CopyProgress, CopyReport } from "./copy-store.ts";
import { RunFolder } from "./fold-whole-run.ts";
import { runPages } from "./run-pages.ts";
import { differenceOf, digestOf, settled } from "./whole-run.ts";

type Verified = Pick<CopyReport, "runs" | "statuses" | "digest" | "folded">;

const mostNamed = 20;
/** Runs that are read at the same time from each store. */
const atOnce = 4;

/** Compares what has arrived with what was sent: counts, a digest of all rows, and the state that each journal tells. */
export class VerifiedCopy {
  readonly #options: CopyOptions;
  readonly #note: string;
  readonly #tell: (progress: CopyProgress) => void;
  readonly #here: Side;
  readonly #there: Side;
  readonly #different: { readonly runId: string; readonly what: string }[] = [];
  #count = 0;
  #runs = 0;
  #folded = 0;

  constructor(options: CopyOptions, note: string, tell: (progress: CopyProgress) => void) {
    this.#options = options;
    this.#note = note;
    this.#tell = tell;
    this.#here = new Side(options.from);
    this.#there = new Side(options.to);
  }

  /** @throws HeddleError `COPY_DIFFERS` */
  async verify(total: number): Promise<Verified> {
    for await (const rows of runPages(this.#options.from)) {
      for (let at = 0; at < rows.length; at += atOnce) {
        this.#options.signal?.throwIfAborted();
        const some = rows.slice(at, at + atOnce);
        const pairs = await Promise.all(some.map((row) => this.#pair(row)));
        for (const pair of pairs) if (pair !== null) await this.#compare(...pair);
        this.#runs += some.length;
      }
      this.#tell({ phase: "verify", done: this.#runs, total });
    }
    const [digest, other] = [this.#here.digest(), this.#there.digest()];
    if (this.#count > 0 || digest !== other) throw this.#differs();
    return { runs: this.#runs, statuses: this.#here.statuses, digest, folded: this.#folded };
  }

  /** What is told of a copy that has come to its end before: the runs may have gone on since, so that they are only counted. */
  async count(): Promise<CopyReport> {
    for await (const rows of runPages(this.#options.from)) {
      for (const row of rows) this.#here.count(row);
      this.#runs += rows.length;
    }
    const nothing = { again: true, written: 0, values: 0, damaged: [], damagedValues: [] };
    return { runs: this.#runs, statuses: this.#here.statuses, digest: "", folded: 0, ...nothing };
  }

  /** Null: it cannot be read in the source, which has been told. */
  async #pair(row: RunRow): Promise<readonly [WholeRun, WholeRun | null] | null> {
    const { from, to } = this.#options;
    try {
      const here = await from.exportRun(row.runId);
      if (here === null) return null;
      const there = await to.exportRun(row.runId);
      return [here, there === null ? null : settled(there, here.row, this.#note)];
    } catch (error) {
      if (!hasCode(error, "JOURNAL_CORRUPT")) throw error;
      if (await this.#isReadable(row.runId)) this.#noteDifference(row.runId, "its journal is damaged there");
      return null;
    }
  }

  async #isReadable(runId: string): Promise<boolean> {
    return this.#options.from.exportRun(runId).then(
      () => true,
      () => false,
    );
  }

  async #compare(here: WholeRun, there: WholeRun | null): Promise<void> {
    const { runId } = here.row;
    if (there === null) return this.#noteDifference(runId, "it is not there");
    this.#here.add(here);
    this.#there.add(there);
    const what = differenceOf(here, there);
    if (what !== null) return this.#noteDifference(runId, what);
    const [told, other] = await Promise.all([this.#here.folder.fold(here), this.#there.folder.fold(there)]);
    if (told?.text !== other?.text) return this.#noteDifference(runId, "its journal tells another state");
    if (told?.sound === true) this.#folded++;
  }

  #noteDifference(runId: string, what: string): void {
    this.#count++;
    if (this.#different.length < mostNamed) this.#different.push({ runId, what });
  }

  #differs(): HeddleError {
    const { fromName, toName } = this.#options;
    const named = this.#different.map(({ runId }) => runId).join(", ");
    const more = this.#count > this.#different.length ? ` and ${this.#count - this.#different.length} more` : "";
    const message = `Not the same in ${fromName} and ${toName}: ${named}${more}. They go on in neither store. Delete them in ${toName} and copy again, or take the copy back with --undo.`;
    const data = {
      runIds: this.#different.map(({ runId }) => runId),
      count: this.#count,
      difference: this.#different.map(({ runId, what }) => `${runId}: ${what}`),
    };
    return new HeddleError("COPY_DIFFERS", message, { data });
  }
}

/** What is gathered of one store. */
class Side {
  readonly statuses: Partial<Record<RunStatus, number>> = {};
  readonly folder: RunFolder;
  readonly #hash = createHash("sha256");

  constructor(store: RunStore) {
    this.folder = new RunFolder(store);
  }

  count({ status }: RunRow): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  add(whole: WholeRun): void {
    this.count(whole.row);
    this.#hash.update(digestOf(whole));
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}
