import { HeddleError, type Json } from "@heddle/kernel";
import { isThenable } from "../is-thenable.ts";
import type { StepContext } from "../../workflow/context.ts";
import type { DueEntry } from "../due-times.ts";
import type { FrameOperations } from "./frame-operations.ts";
import type { Operation } from "./operation.ts";
import { stepScope, workflowScope } from "./scopes.ts";
import type { StepPlan } from "./step-plan.ts";

/** One attempt of one step: runs the user's function, bounds its time, and reports how it ended. What comes after that is dropped. */
export class StepRun implements StepContext {
  readonly #operations: FrameOperations;
  readonly #operation: Operation;
  readonly #plan: StepPlan;
  #done = false;
  #limit: DueEntry | null = null;
  #beat: DueEntry | null = null;
  readonly attempt: number;
  /** Of an item in its map, which sets it. */
  index = -1;

  constructor(operations: FrameOperations, operation: Operation, plan: StepPlan) {
    this.#operations = operations;
    this.#operation = operation;
    this.#plan = plan;
    this.attempt = operation.attempt + operation.crashes;
  }

  get signal(): AbortSignal {
    return this.#operation.abortSignal;
  }

  get idempotencyKey(): string {
    return this.#operations.frame.idempotencyKey(this.#operation.key);
  }

  // Getters of functions, so that `({ heartbeat, stream }) => …` works; most steps ask for none.

  get reveal(): StepContext["reveal"] {
    return (secret) => this.#operations.run.host.secrets.reveal(secret);
  }

  get heartbeat(): StepContext["heartbeat"] {
    return (progress) => {
      if (this.#done) return;
      this.#expectBeat();
      if (progress !== undefined) this.#operations.run.live({ type: "progress", key: this.#operation.key, value: progress });
    };
  }

  get log(): StepContext["log"] {
    return (message, fields) =>
      this.#operations.run.live({ type: "log", key: this.#operation.key, message, ...(fields === undefined ? null : { value: fields }) });
  }

  get stream(): StepContext["stream"] {
    return (chunk) => {
      if (!this.#done)
        this.#operations.run.live({ type: "stream", of: this.#operations.frame.command.no, key: this.#operation.key, value: chunk });
    };
  }

  begin(): void {
    if (this.#operations.run.watched) this.#operations.run.live({ type: "started", key: this.#operation.key });
    const { timeoutMs, totalTimeoutMs } = this.#plan;
    if (timeoutMs !== undefined || totalTimeoutMs !== undefined) this.#boundTime(timeoutMs, totalTimeoutMs);
    if (this.#plan.heartbeatMs !== undefined) this.#expectBeat();
    const code = this.#operation.itemCode ?? this.#plan.run;
    let result: unknown;
    try {
      result = this.#operations.run.host.strict
        ? workflowScope.run(null, () => stepScope.run(this.#operations.frame, code, this))
        : stepScope.run(this.#operations.frame, code, this);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (isThenable(result)) {
      result.then(
        (value) => this.#completed(value),
        (error: unknown) => this.#failed(error),
      );
    } else this.#completed(result);
  }

  #boundTime(timeoutMs: number | undefined, totalTimeoutMs: number | undefined): void {
    const { host } = this.#operations.run;
    const leftMs =
      totalTimeoutMs === undefined
        ? Number.POSITIVE_INFINITY
        : this.#operation.begunMonotonicMs + totalTimeoutMs - host.clock.monotonicMs();
    const limitMs = Math.min(timeoutMs ?? Number.POSITIVE_INFINITY, leftMs);
    if (limitMs !== Number.POSITIVE_INFINITY) {
      const what =
        limitMs === timeoutMs
          ? `attempt ${this.attempt} took longer than ${timeoutMs} ms`
          : `it took longer than ${totalTimeoutMs} ms in all`;
      this.#limit = host.limits.add(host.clock.monotonicMs() + limitMs, () => this.#timedOut(what));
    }
  }

  #completed(value: unknown): void {
    if (!this.#end()) return;
    const operations = this.#operations;
    let encoded: Json | undefined;
    try {
      encoded = value === undefined ? undefined : operations.run.keep(value, "the result of step", this.#operation.key);
    } catch (error) {
      // It happened and cannot be kept: trying again would only make it happen twice.
      operations.attemptFailed(this.#operation, error, "failed", "final");
      operations.run.line?.next();
      return;
    }
    operations.conclude(this.#operation, encoded === undefined ? { status: "completed" } : { status: "completed", value: encoded });
    operations.run.line?.next();
  }

  #failed(error: unknown): void {
    if (!this.#end()) return;
    this.#operations.attemptFailed(this.#operation, error);
    this.#operations.run.line?.next();
  }

  #timedOut(what: string): void {
    const { key } = this.#operation;
    const error = new HeddleError("STEP_TIMED_OUT", `Step "${key}" of run ${this.#operations.run.runId} was given up: ${what}.`, {
      data: { key },
    });
    this.#operation.abort(error);
    if (!this.#end()) return;
    this.#operations.attemptFailed(this.#operation, error, "timed-out");
    this.#operations.run.line?.next();
  }

  /** False when it had ended already, or when nobody waits for it any more. */
  #end(): boolean {
    if (this.#done) return false;
    this.#done = true;
    if (this.#limit !== null) this.#limit.fire = null;
    if (this.#beat !== null) this.#beat.fire = null;
    if (!this.#operation.acting) return false;
    this.#operations.stopped(this.#operation);
    return true;
  }

  #expectBeat(): void {
    const { heartbeatMs } = this.#plan;
    if (heartbeatMs === undefined) return;
    if (this.#beat !== null) this.#beat.fire = null;
    const { limits, clock } = this.#operations.run.host;
    this.#beat = limits.add(clock.monotonicMs() + heartbeatMs, () =>
      this.#timedOut(`attempt ${this.attempt} gave no heartbeat for ${heartbeatMs} ms`),
    );
  }
}
