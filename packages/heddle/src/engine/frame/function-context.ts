import { checkTenant, decodeValue, durationMs, encodeValue, HeddleError, type Json, type Outcome } from "@heddle/kernel";
import { demandOf, plainDemand } from "../demand.ts";
import { inputHash } from "../input-hash.ts";
import type {
  CallOptions,
  Context,
  Duration,
  MapOptions,
  MapResult,
  RaceResult,
  ReceiveOptions,
  StepContext,
  StepOptions,
  Transaction,
} from "../../workflow/context.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import { checkWithSchema } from "../../workflow/check-schema.ts";
import { seededNumber, seededUuid } from "./seeded.ts";
import { Branch } from "./branch.ts";
import { questionId } from "./question-id.ts";
import { answerOutcome, checkQuestion, questionValue, type AnyQuestion } from "./question.ts";
import { MapRun } from "./map-run.ts";
import { Operation, type TransactionStatement } from "./operation.ts";
import { answerSignal } from "../mail.ts";
import { stepScope } from "./scopes.ts";
import { stepPlan } from "./step-plan.ts";
import { VerbRecorder } from "./verb-recorder.ts";
import type { TaskFrame } from "./task-frame.ts";
import type { TaskContext, TaskIdentity, VerbContext } from "./task-context.ts";

const keyPattern = /^[^\u0000-\u001f\u007f]{1,256}$/;

/** The `ctx` of a task's code: turns calls into operations of its frame. `prefix` and `branch` are set inside `race` and `all`. */
export class FunctionContext implements TaskContext {
  readonly #frame: TaskFrame;
  readonly #prefix: string;
  readonly #branch: Branch | null;
  /** Of the code that it was made for: what an earlier call still does does not count. */
  readonly #call: number;

  constructor(frame: TaskFrame, prefix: string, branch: Branch | null, call: number = frame.calls) {
    this.#call = call;
    this.#frame = frame;
    this.#prefix = prefix;
    this.#branch = branch;
  }

  get runId(): string {
    return this.#frame.run.runId;
  }

  get now(): number {
    return this.#frame.nowMs;
  }

  get signal(): AbortSignal {
    return this.#frame.signal;
  }

  get replaying(): boolean {
    return this.#frame.replaying;
  }

  get parentId(): string | undefined {
    return this.#frame.run.facts.parent?.runId;
  }

  get verbs(): VerbContext {
    return new VerbRecorder(this.#frame, this.#call);
  }

  get task(): TaskIdentity {
    return this.#frame.identity;
  }

  step<T>(key: string, run: (step: StepContext) => T | Promise<T>, options?: StepOptions<T>): Promise<T> {
    return this.#ask<T>(key, "step", (operation) => {
      operation.step = stepPlan(key, run, options);
      if (options?.input !== undefined) operation.inputHash = inputHash(encodeValue(options.input));
    });
  }

  sleep(key: string, duration: Duration): Promise<void> {
    return this.#ask<void>(key, "sleep", (operation) => void (operation.delayMs = durationMs(duration, `the duration of sleep "${key}"`)));
  }

  sleepUntil(key: string, time: Date | number): Promise<void> {
    return this.#ask<void>(key, "sleep", (operation) => {
      const dueAtMs = Number(time);
      if (!Number.isFinite(dueAtMs))
        throw new HeddleError("OPTION_INVALID", `sleepUntil("${key}") got no valid time: pass a Date or epoch milliseconds.`);
      operation.dueAtMs = dueAtMs;
    });
  }

  async receive<T>(key: string, signal: string, options: ReceiveOptions<T> = {}): Promise<T> {
    const value = await this.#ask<T | undefined>(
      key,
      "receive",
      (operation) => {
        operation.signal = signal;
        if (options.timeout !== undefined) operation.delayMs = durationMs(options.timeout, `the timeout of receive "${key}"`);
      },
      (outcome) => (outcome.status === "timed-out" ? { value: undefined } : null),
    );
    return (
      options.schema === undefined || value === undefined
        ? value
        : await checkWithSchema(options.schema, value, `signal "${signal}" of run ${this.runId}`)
    ) as T;
  }

  async ask(key: string, question: AnyQuestion): Promise<never> {
    const answer = await this.#ask<unknown>(
      key,
      "ask",
      (operation) => {
        checkQuestion(key, question);
        operation.question = questionValue(question);
        operation.signal = answerSignal(questionId(this.#frame.command, operation.key));
        if (question.timeout !== undefined) operation.delayMs = durationMs(question.timeout, `the timeout of question "${key}"`);
      },
      (outcome) => (outcome.status === "timed-out" ? { value: { timedOut: true } } : null),
    );
    return (await answerOutcome(question, answer)) as never;
  }

  call<I, O>(key: string, workflow: Workflow<I, O>, input: I, options: CallOptions = {}): Promise<O> {
    return this.#child<O>(key, "call", workflow, input, options);
  }

  start<I, O>(key: string, workflow: Workflow<I, O>, input: I, options: CallOptions = {}): Promise<string> {
    return this.#child<string>(key, "start", workflow, input, options);
  }

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
  map<T, R>(
    key: string,
    items: readonly T[],
    run: (item: T, step: StepContext & { readonly index: number }) => R | Promise<R>,
    options: MapOptions<T, R> = {},
  ): Promise<R[] | MapResult<R>[]> {
    this.#usable(key);
    return new Promise((resolve, reject) => {
      new MapRun(this.#frame, `${this.#prefix}${key}`, this.#branch, items, run, options, resolve as never, reject).begin();
    });
  }

  race<B extends Record<string, (branch: Context) => Promise<unknown>>>(key: string, branches: B): Promise<RaceResult<B>> {
    this.#usable(key);
    const names = Object.keys(branches);
    if (names.length === 0) throw new HeddleError("OPTION_INVALID", `race("${key}") has no branches: it could never end.`);
    return this.#together(
      key,
      branches,
      (opened) =>
        new Promise((resolve, reject) => {
          let over = false;
          const close = (winner: string): boolean => {
            if (over) return false;
            over = true;
            for (const name of names) if (name !== winner) this.#frame.closeBranch(opened[name]?.branch as Branch);
            return true;
          };
          for (const name of names) {
            opened[name]?.result.then(
              (value) => {
                if (close(name)) resolve({ winner: name, value } as RaceResult<B>);
              },
              (error: unknown) => {
                if (close(name)) reject(error);
              },
            );
          }
        }),
    );
  }

  all<B extends Record<string, (branch: Context) => Promise<unknown>>>(
    key: string,
    branches: B,
  ): Promise<{ [K in keyof B]: Awaited<ReturnType<B[K]>> }> {
    this.#usable(key);
    const names = Object.keys(branches);
    return this.#together(key, branches, async (opened) => {
      const values = await Promise.all(
        names.map((name) =>
          (opened[name] as { result: Promise<unknown> }).result.catch((error: unknown) => {
            for (const other of names) if (other !== name) this.#frame.closeBranch(opened[other]?.branch as Branch);
            throw error;
          }),
        ),
      );
      return Object.fromEntries(names.map((name, index) => [name, values[index]])) as { [K in keyof B]: Awaited<ReturnType<B[K]>> };
    });
  }

  emit(key: string, name: string, value?: unknown): Promise<void> {
    return this.#ask<void>(
      key,
      "emit",
      (operation) =>
        void (operation.emit = { name, value: value === undefined ? undefined : this.#frame.run.keep(value, "the value of event", name) }),
    );
  }

  log(message: string, fields?: Record<string, unknown>): void {
    if (!this.#frame.replaying)
      this.#frame.run.live({ type: "log", key: this.#prefix, message, ...(fields === undefined ? null : { value: fields }) });
  }

  random(key: string): number {
    this.#usable(key);
    return seededNumber(this.#seed(key));
  }

  uuid(key: string): string {
    this.#usable(key);
    return seededUuid(this.#seed(key));
  }

  compensate(key: string): Promise<void> {
    this.#usable(key);
    return new Promise((resolve, reject) => {
      this.#frame.compensate((failure) => (failure === null ? resolve() : reject(this.#frame.errorOf(key, failure))));
    });
  }

  continueAs(input: unknown): Promise<never> {
    this.#usable("continueAs");
    this.#frame.continueAs(input);
    return new Promise<never>(() => {});
  }

  transaction<T>(key: string, run: (tx: Transaction) => T): Promise<T> {
    this.#usable(key);
    if (!this.#frame.run.host.features.transactions) {
      throw new HeddleError(
        "TRANSACTION_UNSUPPORTED",
        `transaction("${key}") needs a store that keeps your tables, such as sqlite: or postgres:; this one does not.`,
      );
    }
    const statements: TransactionStatement[] = [];
    const value = run({ run: (sql, ...parameters) => void statements.push({ sql, parameters }) });
    return this.#ask<T>(
      key,
      "transaction",
      (operation) =>
        void (operation.transaction = {
          statements,
          value: value === undefined ? undefined : this.#frame.run.keep(value, "the result of transaction", key),
        }),
    );
  }

  onQuery<I, O>(name: string, answer: (input: I) => O): void {
    this.#frame.queries ??= new Map();
    this.#frame.queries.set(name, answer as (input: unknown) => unknown);
  }

  onUpdate<I, O>(name: string, handle: (input: I) => O | Promise<O>): void {
    this.#frame.updates ??= new Map();
    this.#frame.updates.set(name, handle as (input: unknown) => unknown);
  }

  #child<R>(
    key: string,
    kind: "call" | "start",
    workflow: Workflow<never, unknown> | Workflow<unknown, unknown> | { readonly name: string; readonly version?: string },
    input: unknown,
    options: CallOptions,
  ): Promise<R> {
    if (typeof workflow !== "object" || workflow === null || typeof workflow.name !== "string") {
      throw new HeddleError(
        "OPTION_INVALID",
        `${kind}("${key}") got no workflow: pass what workflow(…) gave, not its name, as the second argument.`,
        { data: { key } },
      );
    }
    demandOf(options, plainDemand, `${kind}("${key}")`);
    if (options.tenant !== undefined) checkTenant(options.tenant, `the tenant of ${kind}("${key}")`);
    if ("run" in workflow) this.#frame.run.host.learn(workflow);
    return this.#ask<R>(key, kind, (operation) => {
      const kept = input === undefined ? undefined : this.#frame.run.keep(input, "the input of child", operation.key);
      if (kept !== undefined) operation.inputHash = inputHash(kept);
      operation.child = {
        runId: options.id ?? this.#frame.run.childId(this.#frame, operation.key),
        workflow: workflow.name,
        version: workflow.version,
        input: kept,
        inputHash: operation.inputHash,
        close: options.close ?? "cancel",
        tags: options.tags ?? {},
        queue: options.queue,
        placement: options.placement,
        tenant: options.tenant,
      };
    });
  }

  #together<B extends Record<string, (branch: Context) => Promise<unknown>>, R>(
    key: string,
    branches: B,
    join: (opened: Record<string, { readonly branch: Branch; readonly result: Promise<unknown> }>) => Promise<R>,
  ): Promise<R> {
    const opened: Record<string, { branch: Branch; result: Promise<unknown> }> = {};
    for (const [name, run] of Object.entries(branches)) {
      const branch = new Branch(this.#branch);
      const context = new FunctionContext(this.#frame, `${this.#prefix}${key}/${name}/`, branch, this.#call);
      opened[name] = { branch, result: Promise.resolve().then(() => run(context)) };
    }
    return join(opened);
  }

  #ask<T>(
    key: string,
    kind: Operation["kind"],
    prepare: (operation: Operation) => void,
    instead?: (outcome: Outcome) => { readonly value: unknown } | null,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#usable(key);
      const full = this.#prefix === "" ? key : `${this.#prefix}${key}`;
      const operation = new Operation(full, kind, this.#branch, (outcome) => {
        if (outcome.status === "completed") {
          resolve((outcome.value === undefined ? undefined : decodeValue(outcome.value)) as T);
          return;
        }
        const other = instead?.(outcome) ?? null;
        if (other !== null) resolve(other.value as T);
        else if ("error" in outcome && outcome.error !== undefined) reject(this.#frame.errorOf(full, outcome.error));
        else reject(new HeddleError("RUN_CANCELLED", `"${key}" of run ${this.runId} ended ${outcome.status}.`));
      });
      prepare(operation);
      this.#frame.issue(operation);
    });
  }

  #seed(key: string): Json {
    const { task, scope, nth } = this.#frame.command;
    return [this.#frame.run.facts.seed, task, scope, nth, this.#frame.segment, `${this.#prefix}${key}`];
  }

  get #isOver(): boolean {
    return this.#frame.ended || this.#call !== this.#frame.calls;
  }

  #usable(key: string): void {
    if (typeof key !== "string" || !keyPattern.test(key)) {
      throw new HeddleError(
        "KEY_INVALID",
        `${shownKey(key)} is no key: an operation's first argument is text of 1 to 256 characters without control characters, the same on every run.`,
      );
    }
    if (stepScope.getStore() === this.#frame) {
      throw new HeddleError(
        "CTX_IN_STEP",
        `ctx was used ("${key}") inside a step of run ${this.runId}: a step's function gets its own argument; call ctx outside, in the workflow's function.`,
      );
    }
    if (this.#isOver) {
      throw new HeddleError(
        "CTX_AFTER_END",
        `ctx was used ("${key}") after the function of run ${this.runId} had ended: await what you start.`,
      );
    }
    if (this.#branch?.isClosed() === true) {
      throw new HeddleError("RUN_CANCELLED", `"${key}" of run ${this.runId} is in a branch that lost its race.`);
    }
  }
}

/** Long ones are cut: a message is to be read. */
function shownKey(key: unknown): string {
  if (typeof key !== "string") return typeof key === "function" ? "A function" : String(key);
  return key.length <= 80 ? JSON.stringify(key) : `${JSON.stringify(key.slice(0, 60))}… (${key.length} characters)`;
}
