import { advance, createRun, encodeValue, HeddleError, type RunEvent, type RunRow } from "@heddle/kernel";
import type { ForkOptions, RetryOptions, RunHandle } from "../engine.ts";
import { eventText } from "../event-text.ts";
import { forkEvents, retryPoint } from "../fork.ts";
import { hasEnded } from "../has-ended.ts";
import type { NodeHost } from "../node-host.ts";
import { mergeEach } from "../run/merge-writes.ts";
import { Handle } from "../run-handle.ts";
import { checkRunId } from "../run-options.ts";
import { writesOf } from "./channel-writes.ts";

/** Makes new runs of what others have recorded. */
export class RunMending {
  readonly #host: NodeHost;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  async fork<O>(runId: string, options: ForkOptions): Promise<RunHandle<O>> {
    const { state, reader, clock } = this.#host;
    state.assertOpen();
    const row = await reader.row(runId);
    const events = await this.#history(runId);
    const forked = forkEvents(row, events, options, clock.nowMs());
    const written = options.edit?.channels === undefined ? [] : [await this.#written(row, forked, options.edit.channels, clock.nowMs())];
    return this.#branch<O>(row, options.id, [...forked, ...written]);
  }

  /** An edit of the channels as an event behind these. */
  async #written(row: RunRow, events: readonly RunEvent[], values: Readonly<Record<string, unknown>>, atMs: number): Promise<RunEvent> {
    const { registry, maxValueBytes } = this.#host;
    const definition = registry.get(row.workflow, row.version);
    const writes = await writesOf(row.runId, definition, values, maxValueBytes);
    const state = createRun(definition.compiled);
    for (const event of events) advance(state, event);
    const merged = mergeEach(definition, state, writes, (value, what) => encodeValue(value, { what, maxBytes: maxValueBytes }));
    return { type: "channels-written", atMs, writes, ...(merged === null ? null : { merged }) };
  }

  async retry<O>(runId: string, options: RetryOptions): Promise<RunHandle<O>> {
    const { state, reader, clock, store } = this.#host;
    state.assertOpen();
    const row = await reader.row(runId);
    if (!hasEnded(row))
      throw new HeddleError("RUN_NOT_ENDED", `Run ${runId} is ${row.status}: only an ended run can be retried.`, {
        data: { runId, status: row.status },
      });
    const events = await this.#history(runId);
    const handle = await this.#branch<O>(row, options.id, retryPoint(row, events, options, clock.nowMs()));
    await store.setStatus(runId, [row.status], row.status as "failed", null, row.note);
    return handle;
  }

  /** All events of a run, for a new one to begin with. */
  async #history(runId: string): Promise<readonly RunEvent[]> {
    const events = await this.#host.reader.events(runId);
    const first = events[0]?.seq ?? 1;
    if (first === 1) return events.map(({ event }) => event);
    throw new HeddleError(
      "OPTION_INVALID",
      `Run ${runId} cannot be forked or retried: events 1 to ${first - 1} were removed, since it ran with keepHistory: false. Start a new run.`,
      { data: { runId, firstSeq: first } },
    );
  }

  async #branch<O>(row: RunRow, id: string | undefined, events: readonly RunEvent[]): Promise<RunHandle<O>> {
    const { random, clock, writer, claims } = this.#host;
    if (id !== undefined) checkRunId(id);
    const runId = id ?? `${row.runId.replace(/~[^~]*$/, "").slice(0, 108)}~${random.id().slice(0, 6)}`.replace("~", ".r-");
    const nowMs = clock.nowMs();
    const verdict = await writer.create({
      row: {
        runId,
        workflow: row.workflow,
        version: row.version,
        wakeAtMs: nowMs,
        priority: row.priority,
        limitKey: row.limitKey,
        limitMax: row.limitMax,
        rateKey: row.rateKey,
        rateMax: row.rateMax,
        ratePeriodMs: row.ratePeriodMs,
        queue: row.queue,
        placement: row.placement,
        tenant: row.tenant,
        dedupKey: null,
        parentId: null,
        tags: { ...row.tags, from: row.runId },
        createdAtMs: nowMs,
        inputHash: "",
      },
      events: events.map(eventText),
    });
    if (verdict.status === "exists")
      throw new HeddleError("RUN_EXISTS", `Run ${runId} exists: give the new run another id.`, { data: { runId } });
    claims.claimSoon();
    return new Handle<O>(this.#host, runId, row.workflow);
  }
}
