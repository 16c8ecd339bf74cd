import { advance, createRun, decodeError, decodeValue, HeddleError, type RunEvent, type RunRow } from "@heddle/kernel";
import { channelValues } from "@heddle/kernel/internal";
import type { Ending } from "./ending.ts";
import type { LiveEvent, RunHandle, RunSummary } from "./engine.ts";
import { EventStream } from "./event-stream.ts";
import { openQuestions, type OpenQuestion } from "./open-questions.ts";
import { waitForOutcome } from "./outcome-wait.ts";
import { recordedPlan } from "./load-run.ts";
import type { NodeHost } from "./node-host.ts";
import { isBeyond, projectRun, type Until } from "./project-run.ts";
import type { RunView } from "./run-view.ts";
import { type Settled, waitUntilSettled } from "./settle-wait.ts";
import { isStoreLost } from "./store-trouble.ts";
import { summaryOf } from "./summary.ts";

export class Handle<O> implements RunHandle<O> {
  readonly id: string;
  readonly workflow: string;
  readonly #host: NodeHost;
  readonly #ending: Ending | null;

  /** @param ending of a run that this process began: once it has ended here, nobody has to be asked how */
  constructor(host: NodeHost, id: string, workflow: string, ending: Ending | null = null) {
    this.#host = host;
    this.id = id;
    this.workflow = workflow;
    this.#ending = ending;
  }

  async result(options: { readonly signal?: AbortSignal } = {}): Promise<O> {
    const outcome = this.#ending?.outcome ?? (await waitForOutcome(this.#host, this.id, options.signal));
    if (outcome.status === "completed") return (outcome.value === undefined ? undefined : decodeValue(outcome.value)) as O;
    const cause = outcome.error === undefined ? undefined : decodeError(outcome.error);
    const data = { runId: this.id };
    if (outcome.error?.code === "ENGINE_CLOSED" || isStoreLost(outcome.error))
      throw cause ?? new HeddleError("STORE_FAILED", `Run ${this.id} cannot be watched any more.`);
    if (outcome.status === "cancelled")
      throw new HeddleError("RUN_CANCELLED", cause?.message ?? `Run ${this.id} was cancelled.`, { cause, data });
    if (outcome.status === "timed-out")
      throw new HeddleError("RUN_TIMED_OUT", cause?.message ?? `Run ${this.id} did not end before its deadline.`, { cause, data });
    throw new HeddleError("RUN_FAILED", `Run ${this.id} failed${placeOf(cause)}: ${cause?.message ?? "no reason recorded"}`, {
      cause,
      data,
    });
  }

  settled(options: { readonly signal?: AbortSignal } = {}): Promise<Settled> {
    return waitUntilSettled(this.#host, this.id, options.signal);
  }

  questions(): Promise<readonly OpenQuestion[]> {
    return openQuestions(this.#host, this.id);
  }

  async summary(): Promise<RunSummary> {
    return summaryOf(await this.#host.reader.row(this.id));
  }

  events(
    options: { readonly from?: number; readonly live?: boolean; readonly signal?: AbortSignal } = {},
  ): AsyncIterableIterator<LiveEvent> {
    return new EventStream(this.#host, this.id, options.from ?? 0, options.live ?? true, options.signal);
  }

  async state(options: { readonly at?: number | Date } = {}): Promise<RunView> {
    const row = await this.#host.reader.row(this.id);
    const { at } = options;
    const until = at === undefined ? undefined : at instanceof Date ? { timeMs: at.getTime() } : { seq: at };
    const events = await this.#host.reader.events(this.id);
    return projectRun(row, events, until, this.#channels(row, events, until));
  }

  /** What the channels held then: the plan's, folded by the kernel. Empty where this process has not the run's plan, or its journal was compacted. */
  #channels(
    row: RunRow,
    events: readonly { readonly seq: number; readonly event: RunEvent }[],
    until: Until,
  ): Readonly<Record<string, unknown>> {
    const definition = this.#host.registry.find(row.workflow, row.version);
    if (definition?.plan.channels === undefined || events[0]?.seq !== 1) return {};
    if ((recordedPlan(events) ?? definition.planHash) !== definition.planHash) return {};
    const state = createRun(definition.compiled);
    for (const entry of events) {
      if (isBeyond(entry, until)) break;
      advance(state, entry.event);
    }
    return Object.fromEntries(Object.entries(channelValues(state)).map(([channel, value]) => [channel, decodeValue(value)]));
  }
}

/** The nodes that the error came through, where it tells. */
function placeOf(cause: Error | undefined): string {
  const path = (cause as { readonly data?: { readonly path?: unknown } } | undefined)?.data?.path;
  return Array.isArray(path) && path.every((each) => typeof each === "string") ? ` in ${path.join("/")}` : "";
}
