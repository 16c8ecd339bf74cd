import { HeddleError } from "@heddle/kernel";
import { hasEnded } from "../has-ended.ts";
import { loadRun } from "../load-run.ts";
import type { NodeHost } from "../node-host.ts";
import { OwnedRun } from "../owned-run.ts";

/** Asks running functions what they answer with `ctx.onQuery`: in memory where a run is there, else in a copy that is replayed for it. */
export class RunQueries {
  readonly #host: NodeHost;
  /** Copies on their way to where their journals end. */
  readonly #ghosts = new Map<OwnedRun, () => void>();

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** @throws HeddleError `QUERY_UNKNOWN`, `RUN_UNKNOWN`, `RUN_ENDED`, `RUN_MISMATCH`, `WORKFLOW_UNKNOWN` */
  async ask<O>(runId: string, name: string, input: unknown): Promise<O> {
    const { state, runs } = this.#host;
    state.assertOpen();
    const run = runs.get(runId) ?? runs.hot(runId) ?? (await this.#ghost(runId));
    for (const frame of run.frames.all()) {
      const answer = frame.queries?.get(name);
      if (answer !== undefined) return answer(input) as O;
    }
    throw new HeddleError("QUERY_UNKNOWN", `Run ${runId} answers no query "${name}": its function must call ctx.onQuery with that name.`, {
      data: { runId, name },
    });
  }

  /** A copy was given everything that is recorded. */
  ghostReady(run: OwnedRun): void {
    const ready = this.#ghosts.get(run);
    this.#ghosts.delete(run);
    ready?.();
  }

  /** A copy of a run that is not under way here, replayed to where its journal ends: to be asked, never to act. */
  async #ghost(runId: string): Promise<OwnedRun> {
    const row = await this.#host.reader.row(runId);
    if (hasEnded(row))
      throw new HeddleError("RUN_ENDED", `Run ${runId} has ended: only a run under way answers queries.`, {
        data: { runId, status: row.status },
      });
    const definition = this.#host.registry.find(row.workflow, row.version);
    if (definition === undefined)
      throw new HeddleError("WORKFLOW_UNKNOWN", `Workflow "${row.workflow}" of run ${runId} is not registered here.`);
    const run = new OwnedRun(this.#host, {
      runId,
      definition,
      epoch: row.epoch,
      crashes: 0,
      parentless: row.parentId === null,
      tenant: row.tenant,
    });
    run.ghost = true;
    const { events, misfit } = await loadRun(this.#host.reader, run);
    if (misfit !== null)
      throw new HeddleError("RUN_MISMATCH", `Run ${runId} was recorded with another plan than this code has for "${row.workflow}".`, {
        data: { runId, difference: misfit },
      });
    await new Promise<void>((resolve) => {
      this.#ghosts.set(run, resolve);
      run.recover(events, []);
    });
    return run;
  }
}
