import {
  contentHash,
  decodeValue,
  encodeValue,
  hasCode,
  HeddleError,
  type Clock,
  type CreateVerdict,
  type NewMessage,
  type NewRun,
  type PartVerdict,
  type Random,
  type RunEvent,
  type RunOutcome,
  type RunPart,
  type RunRow,
  type RunStatus,
  type RunStore,
  type StoredMessage,
} from "@heddle/kernel";
import { segmentOf } from "@heddle/kernel/internal";
import type { Workflow } from "../workflow/workflow.ts";
import { ClockWatch } from "./clock-watch.ts";
import type { Definition } from "./definition.ts";
import { DueTimes } from "./due-times.ts";
import type {
  AnswerInput,
  Engine,
  EngineOptions,
  ForkOptions,
  LiveEvent,
  LivePiece,
  ListRunsOptions,
  RetryOptions,
  RunHandle,
  RunSummary,
  StartOptions,
} from "./engine.ts";
import type { Ending } from "./ending.ts";
import { EventHub } from "./event-hub.ts";
import { eventText, readEvent } from "./event-text.ts";
import { workflowScope } from "./frame/scopes.ts";
import { HistoryReader, type FrameHistory } from "./frame/history.ts";
import type { ChildPlan } from "./frame/operation.ts";
import { checkAnswer, type AskedQuestion } from "./frame/question.ts";
import { guardGlobals } from "./frame/strict.ts";
import { forkEvents, retryPoint } from "./fork.ts";
import { keepPlan } from "./kept-plan.ts";
import { loadRun, type StoredRunEvent } from "./load-run.ts";
import { LogWriter } from "./log-writer.ts";
import { answerSignal, mailText, type Mail } from "./mail.ts";
import { nearest } from "./nearest.ts";
import { checkInputSize, prepareRun, type PreparedRun } from "./new-run.ts";
import { OwnedRun } from "./owned-run.ts";
import { isGone, processName } from "./process-name.ts";
import { projectRun } from "./project-run.ts";
import { Registry } from "./registry.ts";
import { Handle } from "./run-handle.ts";
import { checkRunId, checkStart, resolveOptions, type ResolvedOptions } from "./run-options.ts";
import type { RunHost } from "./run/run-host.ts";
import { SuspectGate } from "./run/suspect-gate.ts";
import { Secrets } from "./secrets.ts";
import { isStoreLost, isStoreTrouble } from "./store-trouble.ts";
import { summaryOf } from "./summary.ts";
import { TurnQueue } from "./turn-queue.ts";
import { seeToUnclaimed } from "./unclaimed-runs.ts";

/** A store without hints from other processes is asked so often. */
const pollMs = 1_000;
/** After a jump of the clock every node has said anew how long it lives, if it lives. */
const afterJumpMs = 60_000;
/** Ended runs removed at once. */
const sweptAtOnce = 1_000;
/** Journal rows read at once. */
const pageRows = 2_000;

const endStatuses: ReadonlySet<RunStatus> = new Set(["completed", "failed", "cancelled", "timed-out"]);

/**
 * The engine: owns runs, claims those that are due, and is the door for everyone who starts, asks or sends.
 *
 * Invariants: 1. A run in `#runs` is owned by this node at its epoch, as far as this node can know. 2. Runs in `#hot` are parked: not owned, kept only
 * to save a replay. 3. After `close` began, nothing is claimed and no run begins.
 */
export class HeddleEngine implements Engine, RunHost {
  readonly node: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly due: DueTimes;
  readonly limits: DueTimes;
  readonly features: RunStore["features"];
  readonly strict: boolean;
  readonly maxValueBytes: number;
  readonly graceMs: number;
  readonly secrets: Secrets;
  readonly suspects: SuspectGate = new SuspectGate();
  readonly hub: EventHub = new EventHub();
  readonly store: RunStore;

  readonly #options: ResolvedOptions;
  readonly #newId = (): string => this.random.id();
  readonly #registry = new Registry();
  readonly #writer: LogWriter;
  readonly #turns: TurnQueue;
  readonly #runs = new Map<string, OwnedRun>();
  readonly #hot = new Map<string, OwnedRun>();
  readonly #endWaiters = new Map<string, Set<(outcome: RunOutcome | null) => void>>();
  readonly #idle = new Set<() => void>();
  readonly #keptPlans = new WeakSet<Definition>();
  readonly #ghosts = new Map<OwnedRun, () => void>();
  #watch: Disposable | null = null;
  #wake: Disposable | null = null;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #beat: Disposable | null = null;
  #sweep: Disposable | null = null;
  #claiming = false;
  /** Ours in the store and not yet taken up: if the store cannot be read, they stay here until it can. */
  readonly #claimed: RunRow[] = [];
  #claimAgain = false;
  #leaseUntilMonotonicMs = 0;
  #seeToUnclaimedMs = 0;
  readonly #clockWatch: ClockWatch;
  #reapFromMonotonicMs = 0;
  #reserved = 0;
  #closing: Promise<void> | null = null;
  #closed = false;
  #failure: HeddleError | null = null;

  constructor(store: RunStore, options: EngineOptions, parts: { readonly clock: Clock; readonly random: Random }) {
    this.#options = resolveOptions(options);
    this.store = store;
    this.clock = parts.clock;
    this.random = parts.random;
    this.features = store.features;
    this.strict = this.#options.strict;
    this.maxValueBytes = this.#options.maxValueBytes;
    this.graceMs = this.#options.graceMs;
    this.secrets = new Secrets(options.secrets);
    this.node = this.#options.node ?? processName(this.random.id().slice(0, 6));
    const around = this.strict ? (call: () => void) => workflowScope.exit(call) : null;
    this.due = new DueTimes(this.clock, "wall", around);
    this.limits = new DueTimes(this.clock, "monotonic", around);
    this.#clockWatch = new ClockWatch(this.clock, this.#options.leaseMs / 3);
    this.#writer = new LogWriter(store, this.clock, (error) => this.#storeFailed(error));
    this.#turns = new TurnQueue(() => this.#writer.flush(), around);
    for (const workflow of options.workflows ?? []) this.#registry.add(workflow);
  }

  /** First sign of life, then work. */
  async begin(): Promise<void> {
    if (this.strict) guardGlobals();
    this.#watch = this.store.watch((runId, what) => {
      this.hub.hint(runId);
      if (what === "work" && !this.#options.passive) this.#hint(runId);
    });
    if (this.#options.passive) return;
    if (this.features.shared) {
      await this.#heartbeat();
      this.#beatLater();
      this.#buryTheGone().catch((error: unknown) => this.#storeTrouble(error));
    }
    if (this.#options.retentionMs !== undefined) this.#sweepLater(0);
    this.#claimSoon();
  }

  // ---- Starting

  async start<O>(workflow: Workflow<never, O> | string, input?: unknown, options: StartOptions = {}): Promise<RunHandle<O>> {
    this.#assertOpen();
    const definition = typeof workflow === "string" ? this.#registry.get(workflow) : this.#registry.add(workflow);
    const checked = definition.checkInput === null ? input : await definition.checkInput(input);
    this.#assertOpen();
    const prepared = this.#prepare(definition, checked, options);
    const { runId, ending } = await this.#create(definition, prepared);
    return new Handle<O>(this, runId, definition.name, ending);
  }

  async signalWithStart<O>(
    workflow: Workflow<never, O>,
    input: unknown,
    signal: { readonly name: string; readonly value?: unknown; readonly id?: string },
    options: StartOptions & { readonly id: string },
  ): Promise<RunHandle<O>> {
    this.#assertOpen();
    const mail = this.#signalMail(signal.name, signal.value);
    const id = signal.id ?? this.random.id();
    const definition = this.#registry.add(workflow);
    const checked = definition.checkInput === null ? input : await definition.checkInput(input);
    const prepared = this.#prepare(definition, checked, options);
    const { claimFor: _, ...unclaimed } = prepared.run;
    this.#keepPlan(definition);
    const there = await this.store.get(options.id);
    const message = { runId: options.id, id, atMs: this.clock.nowMs(), body: mailText(mail) };
    const verdict =
      there === null ? await this.#writer.createWithMail(unclaimed, message) : ({ status: "exists", row: there } satisfies CreateVerdict);
    if (verdict.status === "created") {
      this.stir([options.id]);
      return new Handle<O>(this, options.id, definition.name);
    }
    const { row } = verdict;
    this.#checkSame(row, unclaimed);
    // Somebody who made it just now may have brought this signal along: it counts once.
    await this.#send(row.runId, mail, id);
    return new Handle<O>(this, row.runId, definition.name);
  }

  #prepare(definition: Definition, checkedInput: unknown, options: StartOptions): PreparedRun {
    checkStart(options);
    const input = checkedInput === undefined ? undefined : encodeValue(checkedInput);
    checkInputSize(definition.name, input, this.maxValueBytes);
    const takeNow = !this.#options.passive && this.#capacity() > 0;
    return prepareRun(definition, checkedInput, input, options, {
      nowMs: this.clock.nowMs(),
      id: this.#newId,
      claimFor: takeNow ? this.node : null,
    });
  }

  /** Once per definition. The store takes it before what is committed after this call. */
  #keepPlan(definition: Definition): void {
    if (this.features.durability === "none" || this.#keptPlans.has(definition)) return;
    this.#keptPlans.add(definition);
    keepPlan(this.store, definition).catch(() => this.#keptPlans.delete(definition));
  }

  async #create(
    definition: Definition,
    { run, started }: PreparedRun,
  ): Promise<{ readonly runId: string; readonly ending: Ending | null }> {
    const { runId } = run.row;
    this.#keepPlan(definition);
    const taken = run.claimFor !== undefined;
    if (taken) this.#reserved++;
    try {
      const verdict = this.#createNow(run) ?? (await this.#writer.create(run));
      if (verdict.status === "exists") {
        this.#checkSame(verdict.row, run);
        return { runId: verdict.row.runId, ending: null };
      }
      if (!verdict.claimed) {
        this.#claimSoon();
        return { runId, ending: null };
      }
      const owned = new OwnedRun(this, { runId, definition, epoch: 1, crashes: 0, parentless: true });
      this.#runs.set(runId, owned);
      this.hub.publish(runId, 1, run.events);
      if (this.#closing === null) owned.begin(started);
      return { runId, ending: owned.ending };
    } finally {
      if (taken) this.#reserved--;
    }
  }

  /** At once and on its own, in a store that keeps nothing; null: it goes with the others. */
  #createNow(run: NewRun): CreateVerdict | null {
    if (this.features.durability !== "none" || this.#failure !== null) return null;
    const answer = this.store.commit({ creates: [run] });
    if (answer instanceof Promise) throw new HeddleError("STORE_UNAVAILABLE", "A store that keeps nothing must answer at once.");
    return answer.creates[0] ?? null;
  }

  #checkSame(row: RunRow, run: NewRun): void {
    if (row.workflow === run.row.workflow && row.inputHash === run.row.inputHash) return;
    const how = row.workflow === run.row.workflow ? "another input" : `workflow "${row.workflow}"`;
    throw new HeddleError("RUN_EXISTS", `Run ${row.runId} exists with ${how}: start with another id, or the same input to get that run.`, {
      data: { runId: row.runId, workflow: row.workflow },
    });
  }

  // ---- Looking

  knows(workflow: string, version?: string): boolean {
    return this.#registry.find(workflow, version) !== undefined;
  }

  async get<O>(runId: string): Promise<RunHandle<O>> {
    this.#assertOpen();
    const row = await this.row(runId);
    return new Handle<O>(this, row.runId, row.workflow);
  }

  async list(filter: ListRunsOptions = {}): Promise<readonly RunSummary[]> {
    this.#assertOpen();
    const { status, ...rest } = filter;
    const rows = await this.store.list({
      ...rest,
      ...(status === undefined ? null : { status: typeof status === "string" ? [status] : status }),
    });
    return rows.map(summaryOf);
  }

  /** @throws HeddleError `RUN_UNKNOWN`, naming the nearest ids */
  async row(runId: string): Promise<RunRow> {
    const row = await this.store.get(runId);
    if (row !== null) return row;
    const ids = (await this.store.list({ limit: 200 })).map((each) => each.runId);
    const near = nearest(runId, ids);
    throw new HeddleError("RUN_UNKNOWN", `There is no run "${runId}".${near.length === 0 ? "" : ` Did you mean ${near.join(", ")}?`}`, {
      data: { runId, nearest: near },
    });
  }

  async events(runId: string, afterSeq = 0): Promise<StoredRunEvent[]> {
    const events: StoredRunEvent[] = [];
    for (;;) {
      const page = await this.page(runId, events.at(-1)?.seq ?? afterSeq, pageRows);
      for (const event of page) events.push(event);
      if (page.length < pageRows) return events;
    }
  }

  /** The next events after a seq, at most `limit`. */
  async page(runId: string, afterSeq: number, limit: number): Promise<StoredRunEvent[]> {
    const page = await this.store.readJournal(runId, afterSeq, limit);
    return page.map(({ seq, body }) => ({ seq, event: readEvent(body), length: body.length }));
  }

  definitionOf(row: Pick<RunRow, "workflow" | "version">): Definition | undefined {
    return this.#registry.find(row.workflow, row.version);
  }

  // ---- Sending

  async signal(runId: string, name: string, value?: unknown, options: { readonly id?: string } = {}): Promise<void> {
    await this.#send(runId, this.#signalMail(name, value), options.id);
  }

  #signalMail(name: string, value: unknown): Mail {
    if (name.startsWith("?"))
      throw new HeddleError("OPTION_INVALID", `A signal's name cannot begin with "?": such names are kept for answers.`);
    const encoded = value === undefined ? undefined : encodeValue(value);
    checkInputSize(`signal ${name}`, encoded, this.maxValueBytes);
    return { type: "signal", name, ...(encoded === undefined ? null : { value: encoded }) };
  }

  async answer(runId: string, question: string, answer: AnswerInput): Promise<void> {
    this.#assertOpen();
    const row = await this.row(runId);
    const view = projectRun(row, await this.events(runId), undefined);
    const open = view.waits.filter(({ kind }) => kind === "ask");
    const asked = open.find(({ key }) => key === question);
    if (asked === undefined) {
      const operation = view.tasks.flatMap(({ operations }) => operations).find(({ key, op }) => op === "ask" && key === question);
      if (operation !== undefined || endStatuses.has(row.status)) {
        throw new HeddleError(
          "QUESTION_CLOSED",
          `Question "${question}" of run ${runId} is closed: it was answered, or nobody waits for it any more.`,
          { data: { runId, question } },
        );
      }
      if (open.length > 0 || row.status === "waiting") {
        const names = open.map(({ key }) => key).join(", ");
        throw new HeddleError(
          "QUESTION_UNKNOWN",
          `Run ${runId} has no open question "${question}"${names === "" ? "" : `; it asks ${names}`}.`,
          { data: { runId, question } },
        );
      }
    } else checkAnswer(question, asked.question as AskedQuestion, answer);
    await this.#send(runId, { type: "signal", name: answerSignal(question), value: encodeValue(answer) }, undefined);
  }

  async cancel(runId: string, reason?: string): Promise<void> {
    this.#assertOpen();
    const row = await this.row(runId);
    if (row.status === "paused") await this.store.setStatus(runId, ["paused"], "queued", this.clock.nowMs(), null);
    await this.#send(runId, { type: "cancel", ...(reason === undefined ? null : { reason }) }, undefined);
  }

  async pause(runId: string, reason?: string): Promise<void> {
    this.#assertOpen();
    await this.row(runId);
    await this.#send(runId, { type: "pause", ...(reason === undefined ? null : { reason }) }, undefined);
  }

  async resume(runId: string, options: { readonly accept?: boolean } = {}): Promise<void> {
    this.#assertOpen();
    const row = await this.row(runId);
    if (row.status !== "paused") {
      throw new HeddleError(
        endStatuses.has(row.status) ? "RUN_ENDED" : "RUN_NOT_ENDED",
        `Run ${runId} is ${row.status}, not paused: there is nothing to resume.`,
        { data: { runId, status: row.status } },
      );
    }
    await this.#send(runId, { type: "resume", ...(options.accept === true ? { accept: true } : null) }, undefined);
    await this.store.setStatus(runId, ["paused"], "queued", this.clock.nowMs(), null);
    this.stir([runId]);
  }

  async query<O>(runId: string, name: string, input?: unknown): Promise<O> {
    this.#assertOpen();
    const run = this.#runs.get(runId) ?? this.#hot.get(runId) ?? (await this.#ghost(runId));
    for (const frame of run.frames.all()) {
      const answer = frame.queries?.get(name);
      if (answer !== undefined) return answer(input) as O;
    }
    throw new HeddleError("QUERY_UNKNOWN", `Run ${runId} answers no query "${name}": its function must call ctx.onQuery with that name.`, {
      data: { runId, name },
    });
  }

  async update<O>(runId: string, name: string, input?: unknown, options: { readonly id?: string } = {}): Promise<O> {
    const id = options.id ?? this.random.id();
    const handle = await this.get(runId);
    // The reply to a new request comes later than everything that is there now.
    const from = options.id === undefined ? ((await this.store.readSnapshot(runId))?.seq ?? 0) : 0;
    await this.#send(runId, { type: "update", name, ...(input === undefined ? null : { input: encodeValue(input) }) }, id);
    for await (const event of handle.events({ from })) {
      if (event.type === "op-ended" && event.key === `update:${id}`) {
        if (event.outcome.status === "completed")
          return (event.outcome.value === undefined ? undefined : decodeValue(event.outcome.value)) as O;
        const error = "error" in event.outcome ? event.outcome.error : undefined;
        throw new HeddleError(
          (error?.code as "QUERY_UNKNOWN" | undefined) ?? "RUN_FAILED",
          error?.message ?? `Update "${name}" of run ${runId} ${event.outcome.status}.`,
        );
      }
    }
    throw new HeddleError("RUN_ENDED", `Run ${runId} ended before it handled update "${name}".`, { data: { runId } });
  }

  async #send(runId: string, mail: Mail, id: string | undefined): Promise<void> {
    this.#assertOpen();
    const verdict = await this.#writer.message({ runId, id: id ?? this.random.id(), atMs: this.clock.nowMs(), body: mailText(mail) });
    if (verdict.status === "unknown") await this.row(runId);
    if (verdict.status === "ended")
      throw new HeddleError("RUN_ENDED", `Run ${runId} has ended: nothing can be sent to it.`, { data: { runId } });
    this.stir([runId]);
  }

  // ---- Mending

  async fork<O>(runId: string, options: ForkOptions = {}): Promise<RunHandle<O>> {
    this.#assertOpen();
    const row = await this.row(runId);
    const events = await this.#history(runId);
    return this.#branch<O>(
      row,
      options.id,
      forkEvents(
        row,
        events.map(({ event }) => event),
        options,
        this.clock.nowMs(),
      ),
    );
  }

  async retry<O>(runId: string, options: RetryOptions = {}): Promise<RunHandle<O>> {
    this.#assertOpen();
    const row = await this.row(runId);
    if (!endStatuses.has(row.status))
      throw new HeddleError("RUN_NOT_ENDED", `Run ${runId} is ${row.status}: only an ended run can be retried.`, {
        data: { runId, status: row.status },
      });
    const events = await this.#history(runId);
    const handle = await this.#branch<O>(
      row,
      options.id,
      retryPoint(
        row,
        events.map(({ event }) => event),
        options,
        this.clock.nowMs(),
      ),
    );
    await this.store.setStatus(runId, [row.status], row.status as "failed", null, row.note);
    return handle;
  }

  /** All events of a run, for a new one to begin with. */
  async #history(runId: string): Promise<StoredRunEvent[]> {
    const events = await this.events(runId);
    const first = events[0]?.seq ?? 1;
    if (first === 1) return events;
    throw new HeddleError(
      "OPTION_INVALID",
      `Run ${runId} cannot be forked or retried: events 1 to ${first - 1} were removed, since it ran with keepHistory: false. Start a new run.`,
      { data: { runId, firstSeq: first } },
    );
  }

  async #branch<O>(row: RunRow, id: string | undefined, events: readonly RunEvent[]): Promise<RunHandle<O>> {
    if (id !== undefined) checkRunId(id);
    const runId = id ?? `${row.runId.replace(/~[^~]*$/, "").slice(0, 108)}~${this.random.id().slice(0, 6)}`.replace("~", ".r-");
    const nowMs = this.clock.nowMs();
    const verdict = await this.#writer.create({
      row: {
        runId,
        workflow: row.workflow,
        version: row.version,
        wakeAtMs: nowMs,
        priority: row.priority,
        limitKey: row.limitKey,
        limitMax: row.limitMax,
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
    this.#claimSoon();
    return new Handle<O>(this, runId, row.workflow);
  }

  async delete(runId: string): Promise<void> {
    this.#assertOpen();
    const row = await this.row(runId);
    if (!endStatuses.has(row.status))
      throw new HeddleError("RUN_NOT_ENDED", `Run ${runId} is ${row.status}: cancel it before you delete it.`, {
        data: { runId, status: row.status },
      });
    this.#hot.delete(runId);
    await this.store.delete(runId);
  }

  // ---- Closing

  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? this.#options.drainMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    for (const timer of [this.#watch, this.#wake, this.#sweep]) timer?.[Symbol.dispose]();
    for (const run of this.#runs.values()) run.handOver();
    if (drainMs > 0 && this.#runs.size > 0 && this.#failure === null) {
      await new Promise<void>((resolve) => {
        const limit = this.clock.after(drainMs, resolve);
        this.#idle.add(() => {
          limit[Symbol.dispose]();
          resolve();
        });
      });
    }
    this.#closed = true;
    const reason = new HeddleError("ENGINE_CLOSED", "The engine was closed: the run goes on when one is opened on the same store.");
    await this.#writer.settled();
    for (const run of [...this.#runs.values(), ...this.#hot.values()]) run.abandon(reason);
    const endings = [...this.#runs.values()].map(({ ending }) => ending);
    this.#runs.clear();
    this.#hot.clear();
    this.#beat?.[Symbol.dispose]();
    this.due.close();
    this.limits.close();
    if (this.#failure === null && !this.#options.passive) await this.store.leave(this.node, this.clock.nowMs());
    await this.store[Symbol.asyncDispose]();
    this.#failWaiters(endings, reason);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Why the store is not believed any more, whatever it answers; null: it is. */
  get failure(): HeddleError | null {
    return this.#failure;
  }

  #assertOpen(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#closing !== null) throw new HeddleError("ENGINE_CLOSED", "The engine is closed: open a new one.");
  }

  // ---- RunHost

  touch(run: OwnedRun): void {
    this.#turns.touch(run);
  }

  mayHurry(): boolean {
    return this.#turns.mayHurry();
  }

  appendNow(runId: string, epoch: number, expectedSeq: number, atMs: number, event: string): boolean | null {
    if (this.store.appendNow === undefined || this.#failure !== null) return null;
    return this.store.appendNow(runId, epoch, expectedSeq, atMs, event);
  }

  submitNow(part: RunPart): PartVerdict | null {
    return this.#writer.partNow(part);
  }

  submit(run: OwnedRun, part: RunPart, done: (verdict: PartVerdict) => void): void {
    this.#writer.part(part, done, (error) => {
      const reason =
        isStoreLost(error) || hasCode(error, "STORE_UNAVAILABLE")
          ? (error as HeddleError)
          : new HeddleError("STORE_UNAVAILABLE", "The store refused a commit.", { cause: error });
      run.abandon(reason);
      this.lost(run, reason);
    });
  }

  send(message: NewMessage): void {
    this.#writer.message(message).then(
      () => this.stir([message.runId]),
      (error: unknown) => this.#storeTrouble(error),
    );
  }

  learn(workflow: Workflow<never, unknown>): void {
    if (this.#registry.learn(workflow)) this.#claimSoon();
  }

  newChild(run: OwnedRun, child: ChildPlan, parent: { readonly runId: string; readonly of: number; readonly key: string }): NewRun {
    const definition = this.#registry.find(child.workflow, child.version);
    const nowMs = this.clock.nowMs();
    const limit = definition?.limitOf?.(child.input === undefined ? undefined : decodeValue(child.input)) ?? null;
    const timeoutMs = definition?.timeoutMs;
    if (definition !== undefined) this.#keepPlan(definition);
    const started: RunEvent = {
      type: "run-started",
      atMs: nowMs,
      workflow: child.workflow,
      ...(child.version === undefined ? null : { version: child.version }),
      planHash: definition?.planHash ?? "",
      ...(child.input === undefined ? null : { input: child.input }),
      ...(timeoutMs === undefined ? null : { deadlineAtMs: nowMs + timeoutMs }),
      parent,
    };
    return {
      row: {
        runId: child.runId,
        workflow: child.workflow,
        version: child.version ?? null,
        wakeAtMs: nowMs,
        priority: 0,
        limitKey: limit?.key ?? null,
        limitMax: limit?.max ?? null,
        dedupKey: null,
        parentId: run.runId,
        tags: child.tags,
        createdAtMs: nowMs,
        inputHash: child.inputHash ?? contentHash(null),
      },
      events: [eventText(started)],
    };
  }

  readMail(runId: string): Promise<readonly StoredMessage[]> {
    return this.store.readMail(runId);
  }

  async history(run: OwnedRun, of: number): Promise<FrameHistory> {
    const reader = new HistoryReader(of, segmentOf(run.state, of));
    for (const { seq, event } of await this.events(run.runId, run.beginningOf(of) - 1)) reader.add(seq, event);
    return reader.history();
  }

  publish(runId: string, firstSeq: number, events: readonly string[]): void {
    this.hub.publish(runId, firstSeq, events);
  }

  watches(runId: string): boolean {
    return this.#options.onLive !== undefined || this.hub.watched(runId);
  }

  live(runId: string, seq: number, piece: LivePiece): void {
    const { onLive } = this.#options;
    if (!this.watches(runId)) return;
    const event = { seq, atMs: this.clock.nowMs(), ...piece };
    this.hub.live(runId, event);
    try {
      onLive?.(runId, event);
    } catch (error) {
      // A listener's fault is not the step's: it surfaces where uncaught errors do.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  ended(run: OwnedRun, outcome: RunOutcome): void {
    this.#runs.delete(run.runId);
    run.ending.tell(outcome);
    this.#tellWaiters(run.runId, outcome);
    this.#roomFreed();
  }

  parked(run: OwnedRun): void {
    this.#runs.delete(run.runId);
    run.ending.tell(null);
    this.#tellWaiters(run.runId, null);
    if (this.#options.hotFrames > 0 && this.#closing === null) {
      this.#hot.set(run.runId, run);
      if (this.#hot.size > this.#options.hotFrames) this.#hot.delete(this.#hot.keys().next().value as string);
    }
    this.#wakeSoon();
    this.#roomFreed();
  }

  lost(run: OwnedRun, _reason: HeddleError): void {
    if (this.#runs.get(run.runId) === run) this.#runs.delete(run.runId);
    run.ending.tell(null);
    this.#tellWaiters(run.runId, null);
    this.#roomFreed();
  }

  stir(runIds: readonly string[]): void {
    let others = false;
    for (const runId of runIds) {
      const run = this.#runs.get(runId);
      if (run === undefined) others = true;
      else run.mailArrived();
    }
    if (others) this.#claimSoon();
  }

  #tellWaiters(runId: string, outcome: RunOutcome | null): void {
    if (this.#endWaiters.size === 0) return;
    for (const call of this.#endWaiters.get(runId) ?? []) call(outcome);
  }

  /** Of a run that this process owns. */
  endingOf(runId: string): Ending | null {
    return this.#runs.get(runId)?.ending ?? null;
  }

  /** Calls back when a run that is not under way here yet ends in this process, or with null when this process stops running it. */
  onEnd(runId: string, call: (outcome: RunOutcome | null) => void): Disposable {
    let waiters = this.#endWaiters.get(runId);
    if (waiters === undefined) {
      waiters = new Set();
      this.#endWaiters.set(runId, waiters);
    }
    waiters.add(call);
    return {
      [Symbol.dispose]: () => {
        waiters.delete(call);
        if (waiters.size === 0 && this.#endWaiters.get(runId) === waiters) this.#endWaiters.delete(runId);
      },
    };
  }

  /** What this process is doing for a run, for those who begin to watch it. */
  *underWay(runId: string): IterableIterator<LiveEvent> {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    for (const frame of run.frames.all()) for (const piece of frame.underWay()) yield { seq: run.seq, ...piece };
  }

  owns(runId: string): boolean {
    return this.#runs.has(runId);
  }

  // ---- Claiming

  #capacity(): number {
    return this.#options.concurrency - this.#runs.size - this.#reserved;
  }

  #roomFreed(): void {
    if (this.#closing !== null) {
      if (this.#runs.size === 0) for (const call of this.#idle) call();
      return;
    }
    if (this.#claimAgain || this.#registry.limited) this.#claimSoon();
  }

  #claimSoon(): void {
    if (this.#options.passive || this.#closing !== null) return;
    this.#claimAgain = true;
    if (this.#claiming || this.#capacity() <= 0) return;
    this.#claiming = true;
    queueMicrotask(() => void this.#claim());
  }

  async #claim(): Promise<void> {
    try {
      while (this.#claimAgain && this.#closing === null && this.#capacity() > 0) {
        this.#claimAgain = false;
        if (this.#claimed.length === 0) {
          const limit = Math.min(this.#capacity(), 256);
          const rows = await this.store.claim({ node: this.node, limit, nowMs: this.clock.nowMs(), workflows: this.#registry.names() });
          if (rows.length === limit) this.#claimAgain = true;
          this.#claimed.push(...rows);
        }
        for (let row = this.#claimed[0]; row !== undefined && this.#closing === null; row = this.#claimed[0]) {
          await this.#takeUp(row);
          this.#claimed.shift();
        }
      }
    } catch (error) {
      if (this.#closing === null) this.#storeTrouble(error);
    } finally {
      this.#claiming = false;
      this.#wakeSoon();
    }
  }

  async #takeUp(row: RunRow): Promise<void> {
    const { runId } = row;
    const hot = this.#hot.get(runId);
    this.#hot.delete(runId);
    if (hot !== undefined && !hot.gone && hot.epoch === row.epoch - 1) {
      this.#runs.set(runId, hot);
      hot.resumeHot(row.epoch, row.crashes);
      return;
    }
    hot?.abandon(new HeddleError("RUN_STALE", `Run ${runId} went on elsewhere.`));
    const definition = this.definitionOf(row);
    if (definition === undefined) return;
    const run = new OwnedRun(this, { runId, definition, epoch: row.epoch, crashes: row.crashes, parentless: row.parentId === null });
    this.#runs.set(runId, run);
    try {
      const { events, misfit } = await loadRun(this, run);
      if (misfit !== null) {
        run.mismatch(misfit);
        return;
      }
      const mail = await this.store.readMail(runId);
      if (run.facts.paused) this.#resumed(run, events, mail);
      // A run that has done nothing since is not crashed again by being claimed again.
      if (row.crashes > run.facts.crashes) {
        const event: RunEvent = { type: "run-crashed", atMs: this.clock.nowMs(), crashes: row.crashes };
        events.push({ seq: run.record(event), event, length: 0 });
      }
      run.recover(events, mail);
    } catch (error) {
      if (isStoreTrouble(error)) {
        this.#runs.delete(runId);
        run.abandon(new HeddleError("STORE_UNAVAILABLE", `Run ${runId} could not be read.`, { cause: error }));
        throw error;
      }
      this.#quarantine(run, error as Error);
    }
  }

  /** A run whose journal cannot be read is put aside for a person; the others go on. */
  #quarantine(run: OwnedRun, error: Error): void {
    const note = `The journal of run ${run.runId} cannot be read, so it is put aside: ${error.message}`;
    const reason = new HeddleError("JOURNAL_CORRUPT", note, { cause: error });
    run.abandon(reason);
    this.submit(
      run,
      {
        runId: run.runId,
        epoch: run.epoch,
        expectedSeq: null,
        atMs: this.clock.nowMs(),
        events: [],
        release: { status: "paused", wakeAtMs: null, note },
      },
      () => this.lost(run, reason),
    );
    this.#writer.flush();
  }

  /** A run that was paused is due again because somebody said so: record it, with what was said about the code. */
  #resumed(run: OwnedRun, events: StoredRunEvent[], mail: readonly StoredMessage[]): void {
    const accepted = mail.map(({ body }) => JSON.parse(body) as Mail).some((each) => each.type === "resume" && each.accept === true);
    const atMs = this.clock.nowMs();
    const after: RunEvent[] = [{ type: "run-resumed", atMs }];
    if (accepted) {
      this.#keepPlan(run.definition);
      after.push({
        type: "run-migrated",
        atMs,
        planHash: run.definition.planHash,
        ...(run.definition.version === undefined ? null : { version: run.definition.version }),
      });
    }
    for (const event of after) events.push({ seq: run.record(event), event, length: 0 });
  }

  snapshotKept(runId: string, throughSeq: number): void {
    if (this.#options.keepHistory || throughSeq === 0) return;
    this.store.compact(runId, throughSeq).catch((error: unknown) => this.#storeTrouble(error));
  }

  /** A copy of a run that is not under way here, replayed to where its journal ends: to be asked, never to act. */
  async #ghost(runId: string): Promise<OwnedRun> {
    const row = await this.row(runId);
    if (endStatuses.has(row.status))
      throw new HeddleError("RUN_ENDED", `Run ${runId} has ended: only a run under way answers queries.`, {
        data: { runId, status: row.status },
      });
    const definition = this.definitionOf(row);
    if (definition === undefined)
      throw new HeddleError("WORKFLOW_UNKNOWN", `Workflow "${row.workflow}" of run ${runId} is not registered here.`);
    const run = new OwnedRun(this, { runId, definition, epoch: row.epoch, crashes: 0, parentless: row.parentId === null });
    run.ghost = true;
    const { events, misfit } = await loadRun(this, run);
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

  ghostReady(run: OwnedRun): void {
    const ready = this.#ghosts.get(run);
    this.#ghosts.delete(run);
    ready?.();
  }

  #hint(runId: string | null): void {
    if (runId !== null) {
      this.stir([runId]);
      return;
    }
    this.#claimSoon();
    if (this.#runs.size === 0) return;
    this.store.ownedWithMail(this.node).then(
      (ids) => {
        for (const id of ids) this.#runs.get(id)?.mailArrived();
      },
      (error: unknown) => this.#storeTrouble(error),
    );
  }

  /** Set the alarm for the next run that is due. */
  #wakeSoon(): void {
    if (this.#options.passive || this.#closing !== null) return;
    this.store.nextWakeMs().then(
      (atMs) => {
        if (this.#closing !== null) return;
        const pollAtMs = this.features.shared ? this.clock.nowMs() + pollMs : Number.POSITIVE_INFINITY;
        const nextMs = Math.min(atMs ?? Number.POSITIVE_INFINITY, pollAtMs);
        if (nextMs === Number.POSITIVE_INFINITY || (this.#wake !== null && this.#wakeAtMs <= nextMs)) return;
        this.#wake?.[Symbol.dispose]();
        this.#wakeAtMs = nextMs;
        // What is due and was not taken waits for room, for its limit, or for a node that has its code: asking at once would find the same.
        const leftMs = nextMs - this.clock.nowMs();
        const delayMs = leftMs > 0 ? leftMs : pollMs;
        this.#wake = this.clock.after(delayMs, () => {
          this.#wake = null;
          this.#wakeAtMs = Number.POSITIVE_INFINITY;
          this.#claimSoon();
          if (this.#capacity() <= 0) this.#wakeSoon();
        });
      },
      (error: unknown) => this.#storeTrouble(error),
    );
  }

  // ---- Signs of life

  leaseHolds(): boolean {
    return !this.features.shared || this.clock.monotonicMs() < this.#leaseUntilMonotonicMs;
  }

  /** The lease ran out by our own clock: somebody may own the run already. Nothing starts before the store has said otherwise. */
  afterLeaseCheck(call: () => void): void {
    this.#heartbeat().then(call, (error: unknown) => {
      this.#storeTrouble(error);
      if (this.#failure === null) this.limits.add(this.clock.monotonicMs() + pollMs, () => this.afterLeaseCheck(call));
    });
  }

  async #heartbeat(): Promise<void> {
    const sentAtMs = this.clock.monotonicMs();
    const nowMs = this.clock.nowMs();
    const alive = await this.store.heartbeat(this.node, nowMs + this.#options.leaseMs, nowMs);
    this.#leaseUntilMonotonicMs = sentAtMs + this.#options.leaseMs;
    if (!alive) {
      // Declared dead: everything that it owned may be another's now.
      for (const run of [...this.#runs.values()]) {
        const reason = new HeddleError(
          "RUN_STALE",
          `Node ${this.node} was silent for longer than its lease: run ${run.runId} is taken over.`,
        );
        run.abandon(reason);
        this.lost(run, reason);
      }
    }
  }

  /** Take the runs of nodes whose lease ran out. */
  async #reap(): Promise<void> {
    // Leases are kept in wall time: when the clock was set, the living look dead until they have said by the new time that they live.
    if (this.#clockWatch.jumped()) this.#reapFromMonotonicMs = this.clock.monotonicMs() + Math.max(afterJumpMs, this.#options.leaseMs);
    if (this.clock.monotonicMs() < this.#reapFromMonotonicMs) return;
    if ((await this.store.reapDeadNodes(this.clock.nowMs())) > 0) this.#claimSoon();
  }

  /** Runs of processes of this machine that were killed are free now; those of other nodes when their leases run out. */
  async #buryTheGone(): Promise<void> {
    const running = await this.store.list({ status: ["running"], limit: 1_000 });
    const gone = new Set(running.map(({ owner }) => owner).filter((owner) => owner !== null && isGone(owner)));
    const nowMs = this.clock.nowMs();
    for (const node of gone) if (node !== null) await this.store.heartbeat(node, nowMs - 1, nowMs);
    await this.#reap();
  }

  /** Three times a lease, however long the store takes to write it down, and whether it could or not. */
  #beatLater(tookMs = 0): void {
    const { leaseMs } = this.#options;
    this.#beat = this.clock.after(Math.max(leaseMs / 3 - tookMs, leaseMs / 30), () => {
      const sentAtMs = this.clock.monotonicMs();
      void this.#heartbeat()
        .then(
          () =>
            void this.#reap()
              .then(() => this.#seeToUnclaimed())
              .catch((error: unknown) => this.#storeTrouble(error)),
          (error: unknown) => this.#storeTrouble(error),
        )
        .then(() => {
          if (!this.#closed && this.#failure === null) this.#beatLater(this.clock.monotonicMs() - sentAtMs);
        });
    });
  }

  /** Every minute, along with a sign of life. */
  async #seeToUnclaimed(): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    if (nowMs < this.#seeToUnclaimedMs || this.#closing !== null) return;
    this.#seeToUnclaimedMs = nowMs + 60_000;
    await seeToUnclaimed(this.store, this.#registry, this.clock.nowMs(), async (parent, child) => {
      await this.#writer.message({
        runId: parent.runId,
        id: `unclaimed:${child.runId}`,
        atMs: this.clock.nowMs(),
        body: mailText({ type: "resume" }),
      });
      this.#claimSoon();
    });
  }

  #sweepLater(delayMs: number): void {
    this.#sweep = this.clock.after(delayMs, () => {
      const beforeMs = this.clock.nowMs() - (this.#options.retentionMs ?? 0);
      void this.store
        .sweep(beforeMs, sweptAtOnce)
        .catch((error: unknown) => this.#storeTrouble(error))
        .then((removed) => {
          if (this.#closing === null && this.#failure === null) this.#sweepLater(removed === sweptAtOnce ? 100 : 60_000);
        });
    });
  }

  #storeTrouble(error: unknown): void {
    if (this.#closing !== null || this.#failure !== null) return;
    if (isStoreLost(error)) {
      this.#storeFailed(error);
      return;
    }
    this.#wake ??= this.clock.after(pollMs, () => {
      this.#wake = null;
      this.#claimSoon();
    });
  }

  #storeFailed(error: unknown): void {
    const failure =
      error instanceof HeddleError ? error : new HeddleError("STORE_FAILED", "The store failed: open it again.", { cause: error });
    this.#failure ??= failure;
    const runs = [...this.#runs.values()];
    for (const run of runs) run.abandon(failure);
    this.#failWaiters(
      runs.map(({ ending }) => ending),
      failure,
    );
    for (const run of runs) this.lost(run, failure);
  }

  /** No end will ever be told here. */
  #failWaiters(endings: readonly Ending[], { code, message }: HeddleError): void {
    const outcome: RunOutcome = { status: "failed", error: { name: "HeddleError", code, message } };
    for (const ending of endings) ending.tell(outcome);
    for (const waiters of this.#endWaiters.values()) for (const call of waiters) call(outcome);
    this.#endWaiters.clear();
  }
}
