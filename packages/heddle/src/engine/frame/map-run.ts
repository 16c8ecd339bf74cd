import { decodeError, decodeValue, HeddleError, type Outcome } from "@heddle/kernel";
import type { MapOptions, MapResult, StepContext } from "../../workflow/context.ts";
import type { Branch } from "./branch.ts";
import { Operation } from "./operation.ts";
import { stepPlan, type StepPlan } from "./step-plan.ts";
import type { TaskFrame } from "./task-frame.ts";

const defaultConcurrency = 64;

/**
 * A step per item under one limit. Items are issued in order as places come free; places come free as results are given, which is the
 * journal's order, so that a replay issues the same items at the same points.
 */
export class MapRun<T, R> {
  readonly #frame: TaskFrame;
  readonly #key: string;
  readonly #branch: Branch | null;
  readonly #items: readonly T[];
  readonly #run: (item: T, step: StepContext & { readonly index: number }) => R | Promise<R>;
  readonly #options: MapOptions<T, R>;
  readonly #resolve: (values: unknown[]) => void;
  readonly #reject: (error: Error) => void;
  readonly #plan: StepPlan;
  readonly #results: unknown[];
  readonly #open: Set<Operation> = new Set();
  #issued = 0;
  #ended = 0;
  #over = false;

  constructor(
    frame: TaskFrame,
    key: string,
    branch: Branch | null,
    items: readonly T[],
    run: (item: T, step: StepContext & { readonly index: number }) => R | Promise<R>,
    options: MapOptions<T, R>,
    resolve: (values: unknown[]) => void,
    reject: (error: Error) => void,
  ) {
    const concurrency = options.concurrency ?? defaultConcurrency;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new HeddleError("OPTION_INVALID", `map("${key}") has concurrency ${String(concurrency)}: it must be a whole number from 1.`);
    }
    if (!Array.isArray(items))
      throw new HeddleError("OPTION_INVALID", `map("${key}") got no array of items: pass one, such as [...items], as the second argument.`);
    const { failure } = options;
    if (failure !== undefined && failure !== "stop" && failure !== "collect")
      throw new HeddleError("OPTION_INVALID", `map("${key}") has failure ${String(failure)}: it is "stop" or "collect".`);
    this.#frame = frame;
    this.#key = key;
    this.#branch = branch;
    this.#items = items;
    this.#run = run;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#plan = stepPlan(key, run as never, options);
    this.#results = new Array<unknown>(items.length);
  }

  begin(): void {
    if (this.#items.length === 0) {
      this.#resolve([]);
      return;
    }
    this.#frame.mapBegins(this.#key, this.#items.length);
    this.#issueMore();
  }

  #end(): void {
    this.#over = true;
    this.#frame.mapEnds(this.#key);
  }

  #issueMore(): void {
    const limit = this.#options.concurrency ?? defaultConcurrency;
    if (this.#branch?.isClosed() === true) return;
    while (!this.#over && this.#issued < this.#items.length && this.#issued - this.#ended < limit) this.#issue(this.#issued++);
  }

  #issue(index: number): void {
    const item = this.#items[index] as T;
    const id = this.#options.id === undefined ? index : this.#options.id(item, index);
    const run = this.#run;
    const operation = new Operation(`${this.#key}/${id}`, "step", this.#branch, (outcome) => this.#settle(index, operation, outcome));
    const step = (context: StepContext): unknown => {
      const own = context as StepContext & { index: number };
      own.index = index;
      return run(item, own);
    };
    operation.step = this.#plan;
    operation.itemCode = step;
    this.#open.add(operation);
    this.#frame.issue(operation);
  }

  #settle(index: number, operation: Operation, outcome: Outcome): "unheard" | void {
    this.#open.delete(operation);
    this.#ended++;
    if (this.#over) return "unheard";
    if (outcome.status === "completed") {
      const value = outcome.value === undefined ? undefined : decodeValue(outcome.value);
      this.#results[index] = this.#options.failure === "collect" ? { ok: true, value } : value;
    } else {
      const error =
        "error" in outcome && outcome.error !== undefined
          ? this.#frame.errorOf(operation.key, outcome.error)
          : decodeError({ name: "Error", message: `Item ${index} ended ${outcome.status}.` });
      if (this.#options.failure !== "collect") {
        this.#end();
        for (const other of this.#open) this.#frame.closeOperation(other);
        this.#reject(
          new HeddleError(
            "MAP_FAILED",
            `Item "${operation.key}" of run ${this.#frame.run.runId}, number ${index + 1} of ${this.#items.length}, failed: ${error.message}`,
            {
              cause: error,
              data: { key: this.#key, index },
            },
          ),
        );
        return;
      }
      this.#results[index] = { ok: false, error } satisfies MapResult<R>;
    }
    if (this.#ended < this.#items.length) {
      this.#issueMore();
      return "unheard";
    }
    this.#end();
    this.#resolve(this.#results);
  }
}
