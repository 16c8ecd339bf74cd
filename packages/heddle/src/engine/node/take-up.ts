import { HeddleError, type RunEvent, type RunRow, type StoredMessage } from "@heddle/kernel";
import { loadRun, type StoredRunEvent } from "../load-run.ts";
import { readMail } from "../mail.ts";
import type { NodeHost } from "../node-host.ts";
import { OwnedRun } from "../owned-run.ts";
import { isStoreTrouble } from "../store-trouble.ts";

/**
 * Go on with a run that this node has claimed: with what is still in memory of it, or from its journal.
 *
 * @throws what says that the store cannot be read now; the run is still to be taken up then
 */
export async function takeUp(host: NodeHost, row: RunRow): Promise<void> {
  const { runs, store, clock } = host;
  const { runId } = row;
  const hot = runs.takeHot(runId);
  if (hot !== undefined && !hot.gone && hot.epoch === row.epoch - 1) {
    host.begun(hot);
    hot.resumeHot(row.epoch, row.crashes);
    return;
  }
  hot?.abandon(new HeddleError("RUN_STALE", `Run ${runId} went on elsewhere.`));
  const definition = host.registry.find(row.workflow, row.version);
  if (definition === undefined) return;
  const run = new OwnedRun(host, {
    runId,
    definition,
    epoch: row.epoch,
    crashes: row.crashes,
    parentless: row.parentId === null,
    tenant: row.tenant,
  });
  host.begun(run);
  try {
    const { events, misfit } = await loadRun(host.reader, run);
    if (misfit !== null) {
      run.mismatch(misfit);
      return;
    }
    const mail = await store.readMail(runId);
    if (run.facts.paused) resumed(host, run, events, mail);
    // A run that has done nothing since is not crashed again by being claimed again.
    if (row.crashes > run.facts.crashes) {
      const event: RunEvent = { type: "run-crashed", atMs: clock.nowMs(), crashes: row.crashes };
      events.push({ seq: run.record(event), event, length: 0 });
    }
    run.recover(events, mail);
  } catch (error) {
    if (isStoreTrouble(error)) {
      runs.remove(runId);
      run.abandon(new HeddleError("STORE_UNAVAILABLE", `Run ${runId} could not be read.`, { cause: error }));
      throw error;
    }
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
