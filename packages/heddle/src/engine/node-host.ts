import {
  hasCode,
  HeddleError,
  nameMark,
  type Clock,
  type LateText,
  type NewMessage,
  type NewRun,
  type PartVerdict,
  type Random,
  type RunOutcome,
  type RunPart,
  type RunStore,
  type StoredMessage,
} from "@heddle/kernel";
import type { Workflow } from "../workflow/workflow.ts";
import { isPlain } from "./demand.ts";
import { DueTimes } from "./due-times.ts";
import type { LivePiece, RunNews } from "./engine.ts";
import { EventHub } from "./event-hub.ts";
import type { FrameHistory } from "./frame/history.ts";
import type { ChildPlan } from "./frame/operation.ts";
import { workflowScope } from "./frame/scopes.ts";
import { PlanKeeper } from "./kept-plan.ts";
import { LogWriter } from "./log-writer.ts";
import { prepareChild } from "./new-run.ts";
import { ClaimLoop } from "./node/claim-loop.ts";
import { EndWaiters } from "./node/end-waiters.ts";
import { EngineState } from "./node/engine-state.ts";
import { Heartbeat } from "./node/heartbeat.ts";
import { Hints } from "./node/hints.ts";
import { Lease } from "./node/lease.ts";
import { RetentionSweep } from "./node/retention-sweep.ts";
import { RunQueries } from "./node/run-queries.ts";
import { RunTable } from "./node/run-table.ts";
import { ShadowFold } from "./node/shadow-fold.ts";
import { NodeDirectory } from "./node/node-directory.ts";
import { NodeName } from "./node/node-name.ts";
import { StrayRuns } from "./node/stray-runs.ts";
import { NodeTrouble } from "./node/node-trouble.ts";
import type { OwnedRun } from "./owned-run.ts";
import { processName } from "./process-name.ts";
import { Registry } from "./registry.ts";
import type { ResolvedOptions } from "./run-options.ts";
import { RunReader } from "./run-reader.ts";
import type { RunHost } from "./run/run-host.ts";
import { SuspectGate } from "./run/suspect-gate.ts";
import { Secrets, type SecretSource } from "./secrets.ts";
import { isStoreLost } from "./store-trouble.ts";
import { TurnQueue } from "./turn-queue.ts";

/** What a node is made from, besides its options. */
export interface NodeParts {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: SecretSource | undefined;
}

/**
 * A node at work: what its runs are given, and what becomes of them when they end, are parked or are lost. How it comes by runs, keeps them and hears of them
 * is the matter of its parts, in `node/`.
 *
 * Invariant: after closing began, nothing is claimed and no run begins.
 */
export class NodeHost implements RunHost {
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
  readonly store: RunStore;
  readonly options: ResolvedOptions;
  readonly state: EngineState = new EngineState();
  readonly registry: Registry = new Registry();
  readonly hub: EventHub;
  readonly reader: RunReader;
  readonly plans: PlanKeeper;
  readonly writer: LogWriter;
  readonly runs: RunTable;
  readonly endWaiters: EndWaiters = new EndWaiters();
  readonly trouble: NodeTrouble = new NodeTrouble(this);
  readonly claims: ClaimLoop = new ClaimLoop(this);
  readonly strays: StrayRuns = new StrayRuns(this);
  readonly hints: Hints = new Hints(this);
  readonly queries: RunQueries = new RunQueries(this);
  readonly nodes: NodeDirectory = new NodeDirectory(this);
  readonly name: NodeName;

  readonly #turns: TurnQueue;
  readonly #lease = new Lease(this);
  readonly #heartbeat: Heartbeat;
  readonly #sweep = new RetentionSweep(this);
  readonly #shadow = new ShadowFold(this);
  #watch: Disposable | null = null;
  /** Called when no run is under way any more. */
  #idle: (() => void) | null = null;

  constructor(options: ResolvedOptions, { store, clock, random, secrets }: NodeParts) {
    this.options = options;
    this.store = store;
    this.clock = storeTime(clock, store);
    this.random = random;
    this.features = store.features;
    this.strict = options.strict;
    this.maxValueBytes = options.maxValueBytes;
    this.graceMs = options.graceMs;
    this.secrets = new Secrets(secrets);
    const own = random.id().slice(0, 6);
    // What a process of the same name has left behind, or still believes that it owns, is not this one's.
    this.node = options.node === undefined ? processName(own) : `${options.node}${nameMark}${own}`;
    this.name = new NodeName(this);
    this.hub = new EventHub(clock, options.onLive);
    this.reader = new RunReader(store);
    this.plans = new PlanKeeper(store);
    this.runs = new RunTable(options.concurrency, options.hotFrames);
    const around = options.strict ? (call: () => void) => workflowScope.exit(call) : null;
    this.due = new DueTimes(clock, "wall", around);
    this.limits = new DueTimes(clock, "monotonic", around);
    this.writer = new LogWriter(store, clock, (error) => this.trouble.failed(error));
    this.#turns = new TurnQueue(() => this.writer.flush(), around);
    this.#heartbeat = new Heartbeat(this, this.#lease);
  }

  /** First sign of life, then work. */
  async begin(): Promise<void> {
    const { passive } = this.options;
    if (!passive) await this.name.take();
    this.#watch = this.store.watch((runId, what) => {
      this.hub.hint(runId);
      if (what === "work" && !passive) this.hints.heard(runId);
    });
    if (passive) return;
    await this.#heartbeat.begin();
    this.#sweep.begin();
    this.claims.claimSoon();
  }

  /** Let what runs end within `drainMs`, give the rest up for others, close the store. Once. */
  async close(drainMs: number): Promise<void> {
    this.state.beginClosing();
    this.#watch?.[Symbol.dispose]();
    this.claims.stop();
    this.#sweep.stop();
    for (const run of this.runs.owned()) run.handOver();
    if (drainMs > 0 && this.runs.size > 0 && this.state.failure === null) await this.#drained(drainMs);
    this.state.endClosing();
    const reason = new HeddleError("ENGINE_CLOSED", "The engine was closed: the run goes on when one is opened on the same store.");
    await this.writer.settled();
    for (const run of this.runs.all()) run.abandon(reason);
    const endings = [...this.runs.owned()].map(({ ending }) => ending);
    this.runs.clear();
    this.#heartbeat.stop();
    this.due.close();
    this.limits.close();
    if (this.state.failure === null && !this.options.passive) await this.store.leave(this.node, this.clock.nowMs());
    await this.store[Symbol.asyncDispose]();
    this.endWaiters.fail(endings, reason);
  }

  /** No run is under way, or the time is up. */
  #drained(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.clock.after(drainMs, resolve);
      this.#idle = () => {
        limit[Symbol.dispose]();
        resolve();
      };
    });
  }

  // ---- What runs are given

  touch(run: OwnedRun): void {
    this.#turns.touch(run);
  }

  mayHurry(): boolean {
    return this.#turns.mayHurry();
  }

  appendNow(runId: string, epoch: number, expectedSeq: number, atMs: number, event: LateText): boolean | null {
    if (this.store.appendNow === undefined || this.state.failure !== null) return null;
    return this.store.appendNow(runId, epoch, expectedSeq, atMs, event);
  }

  submitNow(part: RunPart): PartVerdict | null {
    return this.writer.partNow(part);
  }

  submit(run: OwnedRun, part: RunPart, done: (verdict: PartVerdict) => void): void {
    this.writer.part(part, done, (error) => {
      const reason =
        isStoreLost(error) || hasCode(error, "STORE_UNAVAILABLE")
          ? (error as HeddleError)
          : new HeddleError("STORE_UNAVAILABLE", "The store refused a commit.", { cause: error });
      run.abandon(reason);
      this.lost(run, reason);
    });
  }

  giveUp(runId: string, epoch: number): void {
    const nowMs = this.clock.nowMs();
    const part: RunPart = {
      runId,
      epoch,
      expectedSeq: null,
      atMs: nowMs,
      events: [],
      release: { status: "queued", wakeAtMs: nowMs },
    };
    this.writer.part(
      part,
      () => this.claims.claimSoon(),
      (error) => this.trouble.heard(error),
    );
    this.writer.flush();
  }

  send(message: NewMessage): void {
    this.writer.message(message).then(
      () => this.stir([message.runId]),
      (error: unknown) => this.trouble.heard(error),
    );
  }

  stir(runIds: readonly string[]): void {
    this.hints.stir(runIds);
  }

  learn(workflow: Workflow<never, unknown>): void {
    if (this.registry.learn(workflow)) this.claims.claimSoon();
  }

  newChild(child: ChildPlan, parent: { readonly runId: string; readonly of: number; readonly key: string }, tenant: string | null): NewRun {
    const definition = this.registry.find(child.workflow, child.version);
    const run = prepareChild(definition, child, parent, tenant, this.clock.nowMs());
    if (definition !== undefined) this.plans.keep(definition);
    return run;
  }

  whyImpossible({ workflow, queue, placement }: NewRun["row"]): Promise<HeddleError | null> | null {
    const demand = { queue, placement };
    if (isPlain(demand)) return null;
    // The store is none of the workflow's code.
    return workflowScope.exit(() => this.nodes.impossible(workflow, demand)).catch(() => null);
  }

  readMail(runId: string): Promise<readonly StoredMessage[]> {
    return this.store.readMail(runId);
  }

  history(run: OwnedRun, of: number): Promise<FrameHistory> {
    return this.reader.history(run, of);
  }

  publish(runId: string, firstSeq: number, events: readonly string[]): void {
    this.hub.publish(runId, firstSeq, events);
  }

  watches(runId: string): boolean {
    return this.hub.watches(runId);
  }

  live(runId: string, seq: number, piece: LivePiece): void {
    this.hub.live(runId, seq, piece);
  }

  snapshotKept(run: OwnedRun, seq: number, throughSeq: number): void {
    this.#shadow.snapshotKept(run, seq).catch((error: unknown) => this.trouble.heard(error));
    if (this.options.keepHistory || throughSeq === 0) return;
    this.store.compact(run.runId, throughSeq).catch((error: unknown) => this.trouble.heard(error));
  }

  ghostReady(run: OwnedRun): void {
    this.queries.ghostReady(run);
  }

  leaseHolds(): boolean {
    return this.#lease.holds();
  }

  afterLeaseCheck(call: () => void): void {
    this.#lease.afterCheck(call);
  }

  // ---- What becomes of them

  /** It is under way here from now on. */
  begun(run: OwnedRun): void {
    this.runs.add(run);
    this.#tell(run, "begun");
  }

  ended(run: OwnedRun, outcome: RunOutcome): void {
    this.runs.remove(run.runId);
    this.#tell(run, outcome.status);
    this.#left(run, outcome);
  }

  parked(run: OwnedRun): void {
    this.runs.remove(run.runId);
    this.#tell(run, "parked");
    run.ending.tell(null);
    this.endWaiters.tell(run.runId, null);
    if (!this.state.closing) this.runs.keepHot(run);
    this.claims.wakeSoon();
    this.#roomFreed();
  }

  lost(run: OwnedRun, _reason: HeddleError): void {
    if (this.runs.get(run.runId) === run) this.runs.remove(run.runId);
    this.#tell(run, "lost");
    this.#left(run, null);
  }

  /** It is no longer under way here. */
  #left(run: OwnedRun, outcome: RunOutcome | null): void {
    run.ending.tell(outcome);
    this.endWaiters.tell(run.runId, outcome);
    this.#roomFreed();
  }

  #tell({ runId, definition }: OwnedRun, what: RunNews["what"]): void {
    try {
      this.options.onRun?.({ runId, workflow: definition.name, what });
    } catch (error) {
      // A listener's fault is not the run's: it surfaces where uncaught errors do.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #roomFreed(): void {
    if (!this.state.closing) this.claims.roomFreed();
    else if (this.runs.size === 0) this.#idle?.();
  }
}

/** Nodes of one store agree in its time, where it has one of its own. How long something takes each measures for itself. */
function storeTime(clock: Clock, { clock: own }: RunStore): Clock {
  if (own === undefined) return clock;
  return { nowMs: () => own.nowMs(), monotonicMs: () => clock.monotonicMs(), after: (delayMs, call) => clock.after(delayMs, call) };
}
