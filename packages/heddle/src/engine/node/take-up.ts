import { HeddleError, type RunEvent, type RunRow, type StoredMessage } from "@heddle/kernel";
import { loadRun, type RunSource, type StoredRunEvent } from "../load-run.ts";
import { readMail } from "../mail.ts";
import type { NodeHost } from "../node-host.ts";
import { OwnedRun } from "../owned-run.ts";
import { isStoreTrouble } from "../store-trouble.ts";
import { readAhead } from "./read-ahead.ts";

/**
 * Go on with runs that this node has claimed: with what is still in memory of them, or from their journals.
 *
 * @param taken told of each, in their order but for those that are in memory, as soon as it is this node's to go on with
 * @throws what says that the store cannot be read now; those of which `taken` was not told are still to be taken up then
 */
export async function takeUp(host: NodeHost, rows: readonly RunRow[], taken: (row: RunRow) => void): Promise<void> {
  const cold: { readonly row: RunRow; readonly run: OwnedRun }[] = [];
  for (const row of rows) {
    // Before anything of it is read: what comes for it from now on finds it.
    const run = beginAgain(host, row);
    if (run === null) taken(row);
    else cold.push({ row, run });
  }
  if (cold.length === 0) return;
  let done = 0;
  try {
    const sources = await readAhead(
      host.reader,
      cold.map(({ row }) => row.runId),
    );
    for (const { row, run } of cold) {
      await goOn(host, row, run, sources[done]!);
      taken(row);
      done++;
    }
  } catch (error) {
    for (const { run } of cold.slice(done)) {
      host.runs.remove(run.runId);
      run.abandon(new HeddleError("STORE_UNAVAILABLE", `Run ${run.runId} could not be read.`, { cause: error }));
    }
    throw error;
  }
}

/** Null: it goes on with what is in memory of it, or there is no code for it here. */
function beginAgain(host: NodeHost, row: RunRow): OwnedRun | null {
  const { runId } = row;
  const hot = host.runs.takeHot(runId);
  if (hot !== undefined && !hot.gone && hot.epoch === row.epoch - 1) {
    host.begun(hot);
    hot.resumeHot(row.epoch, row.crashes);
    return null;
  }
  hot?.abandon(new HeddleError("RUN_STALE", `Run ${runId} went on elsewhere.`));
  const definition = host.registry.find(row.workflow, row.version);
  if (definition === undefined) return null;
  const run = new OwnedRun(host, {
    runId,
    definition,
    epoch: row.epoch,
    crashes: row.crashes,
    parentless: row.parentId === null,
    tenant: row.tenant,
  });
  host.begun(run);
  return run;
}

/** @throws what says that the store cannot be read now */
async function goOn(host: NodeHost, row: RunRow, run: OwnedRun, source: RunSource): Promise<void> {
  try {
    const { events, misfit } = await loadRun(source, run);
    if (misfit !== null) {
      run.mismatch(misfit);
      return;
    }
    const mail = await source.mail(row.runId);
    if (run.facts.paused) resumed(host, run, events, mail);
    // A run that has done nothing since is not crashed again by being claimed again.
    if (row.crashes > run.facts.crashes) {
      const event: RunEvent = { type: "run-crashed", atMs: host.clock.nowMs(), crashes: row.crashes };
      events.push({ seq: run.record(event), event, length: 0 });
    }
    run.recover(events, mail);
  } catch (error) {
    if (isStoreTrouble(error)) throw error;
    quarantine(host, run, error as Error);
  }
}

/** A run that was paused is due again because somebody said so: record it, with what was said about the code. */
function resumed({ clock, plans }: NodeHost, run: OwnedRun, events: StoredRunEvent[], mail: readonly StoredMessage[]): void {
  const accepted = mail.map(({ body }) => readMail(body)).some((each) => each.type === "resume" && each.accept === true);
  const atMs = clock.nowMs();
  const after: RunEvent[] = [{ type: "run-resumed", atMs }];
  if (accepted) {
    plans.keep(run.definition);
    after.push({
      type: "run-migrated",
      atMs,
      planHash: run.definition.planHash,
      ...(run.definition.version === undefined ? null : { version: run.definition.version }),
    });
  }
  for (const event of after) events.push({ seq: run.record(event), event, length: 0 });
}

/** A run whose journal cannot be read is put aside for a person; the others go on. */
function quarantine(host: NodeHost, run: OwnedRun, error: Error): void {
  const note = `The journal of run ${run.runId} cannot be read, so it is put aside: ${error.message}`;
  const reason = new HeddleError("JOURNAL_CORRUPT", note, { cause: error });
  run.abandon(reason);
  host.submit(
    run,
    {
      runId: run.runId,
      epoch: run.epoch,
      expectedSeq: null,
      atMs: host.clock.nowMs(),
      events: [],
      release: { status: "paused", wakeAtMs: null, note },
    },
    () => host.lost(run, reason),
  );
  host.writer.flush();
}
