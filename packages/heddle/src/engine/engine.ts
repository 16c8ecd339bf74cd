import type { Capabilities, HeddleError, NodeStatus, Placement, RunEvent, RunStatus } from "@heddle/kernel";
import type { Workflow } from "../workflow/workflow.ts";
import type { OpenQuestion } from "./open-questions.ts";
import type { RunView } from "./run-view.ts";
import type { Settled } from "./settle-wait.ts";

/** Runs workflows on a store. Made by `open`; `await using` closes it. */
export interface Engine extends AsyncDisposable {
  /** Name of this node in the store: no other engine has it, nor ever had it. */
  readonly node: string;

  /**
   * Start a run, recorded before this returns. With the `id` of a run that exists: the same input gives a handle to it,
   * another input throws `RUN_EXISTS`.
   */
  start<I, O>(workflow: Workflow<I, O>, input: NoInfer<I>, options?: StartOptions): Promise<RunHandle<O>>;
  /** Start by name, for workflows that are registered. */
  start(workflow: string, input?: unknown, options?: StartOptions): Promise<RunHandle<unknown>>;

  /** Whether this engine has code for runs of a workflow: registered, or come with a workflow that calls it. A run keeps the version that it began with. */
  knows(workflow: string, version?: string): boolean;

  /** The nodes that the store knows, live ones first: those that left within a day, and that died within thirty, among them. */
  nodes(): Promise<readonly NodeSummary[]>;

  /** A handle to a run. @throws `RUN_UNKNOWN`, naming the nearest ids */
  get<O = unknown>(runId: string): Promise<RunHandle<O>>;
  /** Runs, newest first. */
  list(filter?: ListRunsOptions): Promise<readonly RunSummary[]>;

  /** Send a signal; kept until a `receive` takes it. The same `id` counts once. @throws `RUN_UNKNOWN`, `RUN_ENDED` */
  signal(runId: string, name: string, value?: unknown, options?: { readonly id?: string }): Promise<void>;
  /** Send a signal and start the run if it is not there, in one commit. @throws `RUN_ENDED`; `RUN_EXISTS` with another input, and then nothing is sent */
  signalWithStart<I, O>(
    workflow: Workflow<I, O>,
    input: NoInfer<I>,
    signal: { readonly name: string; readonly value?: unknown; readonly id?: string },
    options: StartOptions & { readonly id: string },
  ): Promise<RunHandle<O>>;
  /**
   * Write to channels of a run of a Plan, from outside: each by the rule of its kind (`append` takes one element, `keyed` a `KeyedWrite`; to a graph's state
   * an update as its nodes return it), at once, for what has not begun,
   * in conflict with no task. A paused run takes it when it is resumed. A value that only turns out
   * not to fit when the run takes it, as a sum that is not finite any more or one at which a reducer throws, is left out. The same `id` counts once.
   *
   * @throws `RUN_UNKNOWN`, `RUN_ENDED`, `CHANNEL_UNKNOWN`, `CHANNEL_WRITE_REFUSED`; `WORKFLOW_UNKNOWN`: this engine has not the run's workflow, and so not its channels
   */
  write(runId: string, values: Readonly<Record<string, unknown>>, options?: { readonly id?: string }): Promise<void>;
  /** Answer an open question by its key. @throws `QUESTION_UNKNOWN`, `QUESTION_CLOSED`, `ANSWER_INVALID` */
  answer(runId: string, question: string, answer: AnswerInput): Promise<void>;
  /** Ask the run to stop; compensations run. It ends cancelled within its grace. */
  cancel(runId: string, reason?: string): Promise<void>;
  /** Hold a run: nothing new begins until `resume`. */
  pause(runId: string, reason?: string): Promise<void>;
  /** Go on with a paused run. `accept: true` takes the code as it is now: recorded operations that it no longer has are ignored from here on. */
  resume(runId: string, options?: { readonly accept?: boolean }): Promise<void>;
  /** A new run with the history of this one up to and including event `at`, which goes on by itself. The original is untouched. */
  fork<O = unknown>(runId: string, options?: ForkOptions): Promise<RunHandle<O>>;
  /** Run what failed again, with what lies downstream of it: a fork of the ended run that keeps everything that completed. */
  retry<O = unknown>(runId: string, options?: RetryOptions): Promise<RunHandle<O>>;
  /** Remove an ended run and its history. */
  delete(runId: string): Promise<void>;
  /** Ask the running function something it answers with `ctx.onQuery`. */
  query<O = unknown>(runId: string, name: string, input?: unknown): Promise<O>;
  /** Send a request that the running function handles with `ctx.onUpdate`, and wait for its reply. */
  update<O = unknown>(runId: string, name: string, input?: unknown, options?: { readonly id?: string }): Promise<O>;

  /**
   * Start and signal inside a transaction of your own in the store's database: what is sent through this counts when your transaction is
   * committed, together with what else it did, and is gone when it is rolled back. Only on `postgres://…`.
   *
   * @param transaction a connection on which you have sent BEGIN: a client of `pg`, or anything with its `query(text, values)`. Without a
   *   transaction each call is committed by itself
   */
  within(transaction: unknown): Outbox;

  /** Stop taking work, let what runs end within `drainMs` (default: the engine's), give the rest up for others, close the store. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** Starts and signals that are part of a transaction of yours. */
export interface Outbox {
  /** Start a run. @returns its id; there is a run to ask for once you have committed. @throws `RUN_EXISTS`, `TRANSACTION_UNSUPPORTED`, `TRANSACTION_FOREIGN` */
  start<I, O>(workflow: Workflow<I, O>, input: NoInfer<I>, options?: StartOptions): Promise<{ readonly id: string }>;
  start(workflow: string, input?: unknown, options?: StartOptions): Promise<{ readonly id: string }>;
  /** Send a signal, also to a run that the same transaction started. @throws `RUN_UNKNOWN`, `RUN_ENDED`, `TRANSACTION_UNSUPPORTED`, `TRANSACTION_FOREIGN` */
  signal(runId: string, name: string, value?: unknown, options?: { readonly id?: string }): Promise<void>;
}

export interface StartOptions {
  /** Default: a new one. 1 to 128 of `A-Za-z0-9_.:-`. */
  readonly id?: string;
  /** Another start of the same workflow with this key gives the first one's run. */
  readonly idempotencyKey?: string;
  /** Not before so long from now. */
  readonly delay?: number | string;
  /** A whole number from -1,000 to 1,000. Higher goes first; a minute of waiting is worth one level. Default 0. */
  readonly priority?: number;
  /** Whose run it is: tenants take turns when runs wait. Children have that of their parent. Default: none; all runs without one are together one more. */
  readonly tenant?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** The run ends timed-out when it takes longer. */
  readonly timeout?: number | string;
  /** Only nodes that serve this queue take it up. Default: the workflow's. @throws `PLACEMENT_IMPOSSIBLE` */
  readonly queue?: string;
  /** What its node must have. Default: the workflow's, as a whole. @throws `PLACEMENT_IMPOSSIBLE` */
  readonly placement?: Placement;
}

export interface ForkOptions {
  /** Last event that the fork keeps; default: all of them. */
  readonly at?: number;
  readonly id?: string;
  readonly edit?: {
    /** Another input. Only with `at: 1`: history made from the old one would not fit. */
    readonly input?: unknown;
    /** Written to the channels before the fork goes on: of a graph an update, as its nodes return it; see `Engine.write`. */
    readonly channels?: Readonly<Record<string, unknown>>;
    /** Other results of recorded operations or tasks, by key. */
    readonly results?: Readonly<Record<string, unknown>>;
  };
}

export interface RetryOptions {
  readonly id?: string;
  /**
   * Tasks or steps to begin again with. Of a durable function, all that it recorded from that step on is done again; other tasks with what lies
   * downstream. Default: those that failed. An unknown name, and a completed run without one, are `OPTION_INVALID`.
   */
  readonly from?: readonly string[];
}

export interface ListRunsOptions {
  readonly status?: RunStatus | readonly RunStatus[];
  readonly workflow?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Only the dead-letter list: failed runs that nobody has retried. */
  readonly dead?: boolean;
  /** Default 50. */
  readonly limit?: number;
  readonly after?: string;
}

export interface RunSummary {
  readonly runId: string;
  readonly workflow: string;
  readonly version?: string;
  readonly status: RunStatus;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
  readonly wakeAtMs?: number;
  readonly parentId?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly tenant?: string;
  /** Unless it is `default`. */
  readonly queue?: string;
  readonly placement?: Placement;
  /** Why it waits, is paused or failed, in a sentence. */
  readonly note?: string;
  /** Code, when it is in the dead-letter list. */
  readonly dead?: string;
}

/** A node, as the store knows it. */
export interface NodeSummary {
  /** As the store knows it: `engine.node` of that engine. */
  readonly node: string;
  /** As people gave it: what placements go by. */
  readonly name: string;
  /** `stale`: silent for more than half of its lease. `dead`: for longer than its lease. `left`: closed in order. */
  readonly status: NodeStatus;
  readonly beganAtMs: number;
  /** Its last sign of life; absent: none yet, or its store needs none. */
  readonly heartbeatAtMs?: number;
  readonly leaseUntilMs?: number;
  /** When it left or was declared dead. */
  readonly goneAtMs?: number;
  readonly queues: readonly string[];
  readonly capabilities: Capabilities;
  /** What it has code for: `name`, and `name@version`. */
  readonly workflows: readonly string[];
  /** Runs that it takes at once, at most. */
  readonly concurrency: number;
  /** Runs that it owns now. */
  readonly runs: number;
  /** What it does for all nodes of the store, such as `retention`. */
  readonly duties: readonly string[];
}

/** What a person answers: by kind of the question `approved`, `choice`, `text` or `value`. */
export interface AnswerInput {
  readonly approved?: boolean;
  readonly choice?: string;
  readonly text?: string;
  readonly value?: unknown;
  readonly by?: string;
  readonly reason?: string;
}

/** `begun`: taken up, for the first time or again. `parked`: it waits, and is in no process. `lost`: given up, or another node has it. */
export interface RunNews {
  readonly runId: string;
  readonly workflow: string;
  readonly what: "begun" | "parked" | "lost" | "completed" | "failed" | "cancelled" | "timed-out";
}

/** An event with its place. */
export type JournalEvent = { readonly seq: number } & RunEvent;
/** Not in the journal: for those who watch while it happens, in the process that owns the run. `of` is the activation that it comes from. */
export type LivePiece =
  | {
      readonly type: "stream" | "log" | "progress";
      readonly of?: number;
      readonly key: string;
      readonly value?: unknown;
      readonly message?: string;
    }
  /**
   * An attempt of a step is under way; with `total`: a map over so many items is; with `no`: the code of a task, in a plan whose code has `dispatch`. The key is
   * the task's id then, and `no` the number that its end has.
   */
  | { readonly type: "started"; readonly key: string; readonly total?: number; readonly no?: number }
  /** A task stands in line until there is room for it, in a plan whose code has `dispatch`: its first attempt, or a further one. */
  | { readonly type: "ready"; readonly key: string; readonly no: number };
/** The `seq` of a live piece is that of the event before it. */
export type LiveEvent = JournalEvent | ({ readonly seq: number; readonly atMs: number } & LivePiece);

export interface RunHandle<O = unknown> {
  readonly id: string;
  readonly workflow: string;
  /** Waits for the end. @throws the run's error: `RUN_FAILED` with the cause, `RUN_CANCELLED`, `RUN_TIMED_OUT` */
  result(options?: { readonly signal?: AbortSignal }): Promise<O>;
  summary(): Promise<RunSummary>;
  /** Waits until the run has ended, is paused, or waits for people, itself or in a child: then their questions are told. */
  settled(options?: { readonly signal?: AbortSignal }): Promise<Settled>;
  /** The open questions of the run and of the children that it waits for. */
  questions(): Promise<readonly OpenQuestion[]>;
  /**
   * History after `from` (default 0: all), then live, until the run ends; each event once, in order. A slow reader holds up nobody: what it has not taken
   * is read from the journal again, and live pieces beyond 1,000 that wait for it are left out.
   */
  events(options?: { readonly from?: number; readonly live?: boolean; readonly signal?: AbortSignal }): AsyncIterableIterator<LiveEvent>;
  /** The run as it was after event `seq`, or at a time; default now. */
  state(options?: { readonly at?: number | Date }): Promise<RunView>;
}

export interface EngineOptions {
  /** Registered so that runs of them can be recovered, started by name and called. */
  readonly workflows?: readonly Workflow<never, unknown>[];
  /**
   * Name of this process among those that share the store, for people and placements; each engine that is opened adds a part of its own, after a `#`. One that another
   * living process has is refused (`NODE_NAME_TAKEN`); one whose process was killed passes on: on the same machine at once, else when its lease is over. Default: made of machine, process id and a random part; what killed processes of its machine ran an engine
   * takes over when it is opened or gives its next sign of life, and what those of other machines ran when their lease is over.
   */
  readonly node?: string;
  /** Runs under way at once. Default 1,000. */
  readonly concurrency?: number;
  /** After so long without a sign of life a node's runs are taken over. Milliseconds, default 15,000. */
  readonly leaseMs?: number;
  /** How long `close` waits for what runs. Milliseconds, default 5,000. */
  readonly drainMs?: number;
  /** How long cancelled work may take before it is given up. Milliseconds, default 10,000. */
  readonly graceMs?: number;
  /**
   * Ended runs are removed after so long; default: kept on disk, the last 200 in memory. Of the nodes of a store that have one, one removes at a time, by its
   * own: give all the same.
   */
  readonly retention?: number | string;
  /** `false`: of a run under way, events that the last two snapshots cover are removed, so that a long run's store stays small; its history before is gone. Default `true`. */
  readonly keepHistory?: boolean;
  /** Largest input, result or signal, in bytes of its JSON text. Default 8 MiB. */
  readonly maxValueBytes?: number;
  /** Where the values of secrets come from, by name. Default: the environment. */
  readonly secrets?: (name: string) => string | undefined | Promise<string | undefined>;
  /** Find clock, randomness and I/O in workflow code outside steps. Default false. */
  readonly strict?: boolean;
  /** Do not take up runs: only start, look and send. Default false. */
  readonly passive?: boolean;
  /** Durable functions kept in memory while they wait; above it the longest waiting are dropped and rebuilt from the journal when woken. Default 1,000. */
  readonly hotFrames?: number;
  /** Runs of these queues are taken up here, and no others. Default `["default"]`. */
  readonly queues?: readonly string[];
  /** What runs may demand of their node by `placement`. What is left out counts as none. */
  readonly capabilities?: Capabilities;
  /** Called once when this engine can do nothing any more, since its store failed for good. Close it. */
  readonly onFailure?: (error: HeddleError) => void;
  /** Called when a run is taken up here, and when it is over here. For logs. */
  readonly onRun?: (news: RunNews) => void;
  /**
   * Called at once with what the runs in this process say of themselves: log lines, progress, pieces of a stream, starts of
   * steps. For logs and screens; a run's `events` brings the same to those who began to watch in time.
   */
  readonly onLive?: (runId: string, event: LiveEvent & LivePiece) => void;
}
