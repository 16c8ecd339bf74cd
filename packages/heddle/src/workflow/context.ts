import type { Placement, RetryPolicy } from "@heddle/kernel";
import type { Secret } from "./secret.ts";
import type { Schema } from "./standard-schema.ts";
import type { Workflow } from "./workflow.ts";

/** A length of time: milliseconds, or text such as `"250ms"`, `"10s"`, `"5m"`, `"2h"`, `"2d"`, `"1w"`. */
export type Duration = number | string;

/**
 * What a durable function may do that lasts. Each operation has a key, unique in its function, and is recorded under it;
 * after a crash the function runs again and every recorded operation gives its recorded result at once.
 * Between operations the code must do the same each time: no clock, no randomness, no I/O of its own.
 */
export interface Context {
  readonly runId: string;
  /**
   * Time of the last event that this function was given, epoch milliseconds; before the first, of the event that made it due or began its segment.
   * The same on every replay.
   */
  readonly now: number;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
  /** True while recorded operations are given back. For logging only: never branch on it. */
  readonly replaying: boolean;

  /** Do something once: its result is recorded, and given back ever after. It happens at least once. */
  step<T>(key: string, run: (step: StepContext) => T | Promise<T>, options?: StepOptions<T>): Promise<T>;
  /** Wait without holding memory or a process. */
  sleep(key: string, duration: Duration): Promise<void>;
  sleepUntil(key: string, time: Date | number): Promise<void>;
  /** Wait for a signal at most so long; `undefined` when none came. */
  receive<T = unknown>(key: string, signal: string, options: ReceiveOptions<T> & { readonly timeout: Duration }): Promise<T | undefined>;
  /** Wait for a signal. One that came before is kept and taken, oldest first. */
  receive<T = unknown>(key: string, signal: string, options?: ReceiveOptions<T>): Promise<T>;
  /** Ask a person. A timeout is never an approval. */
  ask(key: string, question: ApprovalQuestion): Promise<ApprovalAnswer>;
  ask<const C extends readonly string[]>(key: string, question: ChoiceQuestion<C>): Promise<ChoiceAnswer<C[number]>>;
  ask(key: string, question: TextQuestion): Promise<TextAnswer>;
  ask<T>(key: string, question: FormQuestion<T>): Promise<FormAnswer<T>>;
  /** Run another workflow as a child and wait for its result. */
  call<I, O>(key: string, workflow: Workflow<I, O>, input: NoInfer<I>, options?: CallOptions): Promise<O>;
  /** Start another workflow as a child and go on; returns its run id. */
  start<I, O>(key: string, workflow: Workflow<I, O>, input: NoInfer<I>, options?: CallOptions): Promise<string>;
  /** A step per item, in parallel up to `concurrency`, results in the items' order. Keys are `key/index`, or `key/` + `id(item)`. */
  map<T, R>(
    key: string,
    items: readonly T[],
    run: (item: T, step: StepContext & { readonly index: number }) => R | Promise<R>,
    options: MapOptions<T, R> & { readonly failure: "collect" },
  ): Promise<MapResult<R>[]>;
  map<T, R>(
    key: string,
    items: readonly T[],
    run: (item: T, step: StepContext & { readonly index: number }) => R | Promise<R>,
    options?: MapOptions<T, R>,
  ): Promise<R[]>;
  /** The first of several branches to end wins; operations that the others still wait for are closed. */
  race<B extends Record<string, (branch: Context) => Promise<unknown>>>(key: string, branches: B): Promise<RaceResult<B>>;
  /** All branches, side by side; the first failure closes the others. Keys inside are prefixed with the branch's name. */
  all<B extends Record<string, (branch: Context) => Promise<unknown>>>(
    key: string,
    branches: B,
  ): Promise<{ [K in keyof B]: Awaited<ReturnType<B[K]>> }>;
  /** Tell subscribers something, in the journal's order. */
  emit(key: string, name: string, value?: unknown): Promise<void>;
  /** A line for people, beside the journal; not repeated on replay. */
  log(message: string, fields?: Record<string, unknown>): void;
  /** Evenly in [0, 1), the same on every replay, and for the same key: in a loop, add the index to it. */
  random(key: string): number;
  /** The same on every replay, and for the same key. */
  uuid(key: string): string;
  /** Run the compensations of completed steps now, newest first. Happens by itself when the function fails or is cancelled. */
  compensate(key: string): Promise<void>;
  /** End this segment and begin the function anew with this input; its journal before may be dropped. Never returns. */
  continueAs(input: unknown): Promise<never>;
  /** Write the user's own tables; they and the record of it are one commit. Reads belong in a step. Only on stores with user tables. @throws `TRANSACTION_FAILED` */
  transaction<T>(key: string, run: (tx: Transaction) => T): Promise<T>;
  /** Answer queries by this name with the running function's state. Reads only; nothing is recorded. */
  onQuery<I, O>(name: string, answer: (input: I) => O): void;
  /** Handle a request and reply to it; request and reply are recorded. Handled one at a time, between operations. */
  onUpdate<I, O>(name: string, handle: (input: I) => O | Promise<O>): void;
}

/** What a step's function gets. */
export interface StepContext {
  /** Aborted at cancellation, at a timeout, when the step lost a race, and when the run was taken over by another node. */
  readonly signal: AbortSignal;
  /** From 1. Higher each time that it may have happened before: after an attempt that failed, and after its process died. The latter is not counted by `retry`. */
  readonly attempt: number;
  /** Stays the same over attempts, crashes and nodes: hand it to the service that you call. */
  readonly idempotencyKey: string;
  /** The value of a secret. Results and errors that hold it are kept out of the journal. @throws `SECRET_UNKNOWN` */
  reveal(secret: Secret): Promise<string>;
  /** Say that it is alive; needed at least every `heartbeat` where that option is set. */
  heartbeat(progress?: unknown): void;
  /** A line for people, beside the journal. */
  log(message: string, fields?: Record<string, unknown>): void;
  /** A piece of a result that grows, to live subscribers; not in the journal. */
  stream(chunk: unknown): void;
}

export interface StepOptions<T> {
  /** Recorded as a hash; another input under the same key on replay pauses the run. */
  readonly input?: unknown;
  /** Attempts, or a policy. Default: 1 attempt. */
  readonly retry?: number | RetryPolicy;
  /** Longest time of one attempt. */
  readonly timeout?: Duration;
  /** Longest time over all attempts and waits. */
  readonly totalTimeout?: Duration;
  /** An attempt without a heartbeat for so long has failed. */
  readonly heartbeat?: Duration;
  /** `at-most-once` records the start first; after a crash in between the step throws `STEP_OUTCOME_UNKNOWN` instead of running again. Default `at-least-once`. */
  readonly effect?: "at-least-once" | "at-most-once";
  /** Undoes it. Runs, newest first, when the function later fails or is cancelled; shielded from cancellation. */
  readonly compensate?: (result: T, step: StepContext) => unknown;
}

export interface ReceiveOptions<T> {
  readonly schema?: Schema<unknown, T>;
  readonly timeout?: Duration;
}

export interface CallOptions {
  /** Default: made from this run's id and the key. */
  readonly id?: string;
  /** What the child does when this run ends or is cancelled before it: `cancel` (default), `wait`, `detach`. */
  readonly close?: "wait" | "cancel" | "detach";
  readonly tags?: Readonly<Record<string, string>>;
  /** Only nodes that serve this queue take it up. Default: the child's workflow's, not this run's. Where no known node can, the call throws `PLACEMENT_IMPOSSIBLE`. */
  readonly queue?: string;
  /** What its node must have. Default: the child's workflow's, as a whole. */
  readonly placement?: Placement;
  /** Whose run it is. Default: this run's tenant. */
  readonly tenant?: string;
}

export interface MapOptions<T, R> extends Omit<StepOptions<R>, "input" | "compensate"> {
  /** Items under way at once. Default 64. */
  readonly concurrency?: number;
  /** Names items, so that a changed list is noticed. Default: their index. */
  readonly id?: (item: T, index: number) => string | number;
  /** `stop` (default): the first failure stops the map, which throws `MAP_FAILED`. `collect`: every item runs; failures are among the results. */
  readonly failure?: "stop" | "collect";
}

export type MapResult<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: Error };

export type RaceResult<B extends Record<string, (branch: Context) => Promise<unknown>>> = {
  [K in keyof B]: { readonly winner: K; readonly value: Awaited<ReturnType<B[K]>> };
}[keyof B];

interface QuestionBase {
  readonly prompt: string;
  /** Shown with the question; any durable value. */
  readonly details?: unknown;
  /** Who may answer, by name; shown, and checked against the answer's `by` when set. */
  readonly approvers?: readonly string[];
  readonly timeout?: Duration;
}
export interface ApprovalQuestion extends QuestionBase {
  readonly kind: "approval";
}
export interface ChoiceQuestion<C extends readonly string[]> extends QuestionBase {
  readonly kind: "choice";
  readonly choices: C;
}
export interface TextQuestion extends QuestionBase {
  readonly kind: "text";
}
export interface FormQuestion<T> extends QuestionBase {
  readonly kind: "form";
  readonly schema: Schema<unknown, T>;
}

interface Answered {
  readonly timedOut: false;
  readonly by?: string;
  readonly reason?: string;
}
interface Unanswered {
  readonly timedOut: true;
  readonly by?: undefined;
  readonly reason: string;
}
export type ApprovalAnswer = (Answered & { readonly approved: boolean }) | (Unanswered & { readonly approved: false });
export type ChoiceAnswer<C> = (Answered & { readonly choice: C }) | (Unanswered & { readonly choice?: undefined });
export type TextAnswer = (Answered & { readonly text: string }) | (Unanswered & { readonly text?: undefined });
export type FormAnswer<T> = (Answered & { readonly value: T }) | (Unanswered & { readonly value?: undefined });

/** Statements are gathered and run in the commit that records the transaction. */
export interface Transaction {
  /** Add a statement. */
  run(sql: string, ...parameters: readonly (null | number | bigint | string | Uint8Array)[]): void;
}
