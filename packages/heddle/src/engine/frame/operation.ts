import type { Json, OpKind, OpOpened, Outcome, Placement } from "@heddle/kernel";
import type { StepContext } from "../../workflow/context.ts";
import type { DueEntry } from "../due-times.ts";
import type { Branch } from "./branch.ts";
import type { StepPlan } from "./step-plan.ts";

/**
 * Hands the recorded outcome to whoever waits for it. Called at most once, in journal order. Answers "unheard" when no user code was told:
 * then the next result may follow in the same turn.
 */
export type Settle = (outcome: Outcome, operation: Operation) => "unheard" | void;

/** An operation that a durable function has asked for and not yet got the result of. */
export class Operation {
  readonly key: string;
  readonly kind: OpKind | "emit";
  readonly branch: Branch | null;
  readonly settle: Settle;
  inputHash: string | undefined = undefined;

  /** Steps and undos: what to run and how. */
  step: StepPlan | null = null;
  /** An item of a map: its own code, in place of the plan's. */
  itemCode: ((step: StepContext) => unknown) | null = null;
  /** Sleep, and waits with a timeout: when it is over, or how long it takes from the time it is opened. */
  dueAtMs: number | undefined = undefined;
  delayMs: number | undefined = undefined;
  /** Receive and ask: name of the signal that ends it. */
  signal: string | undefined = undefined;
  /** The signal that it took, once it is recorded. */
  taken: TakenSignal | null = null;
  /** Ask: what is put to people. */
  question: Json | undefined = undefined;
  /** Call and start: the child to create. */
  child: ChildPlan | null = null;
  emit: { readonly name: string; readonly value: Json | undefined } | null = null;
  transaction: { readonly statements: readonly TransactionStatement[]; readonly value: Json | undefined } | null = null;

  /** The record of its opening, once there is one. */
  opened: OpOpened | null = null;
  /** Place of that record; orders those who wait for one signal. */
  openedSeq = 0;
  /** As its retry policy counts. */
  attempt = 1;
  /** How often its process died while it may have been under way. These attempts are not counted against the policy. */
  crashes = 0;
  /** How often its process died while it was recorded as the only start of its run under way. */
  deathsAlone = 0;
  /** When its first attempt in this process began. */
  begunAtMs = 0;
  /** The same on the monotonic clock, if it may be tried again or has a total timeout. */
  begunMonotonicMs = 0;
  due: DueEntry | null = null;
  /** An attempt of it is under way. */
  acting = false;
  /** Its end is recorded, or on its way to be. */
  ended = false;
  /** Counts towards what the run waits for, rather than what it does. */
  waiting = false;
  #controller: AbortController | null = null;
  #aborted: unknown = undefined;

  constructor(key: string, kind: OpKind | "emit", branch: Branch | null, settle: Settle) {
    this.key = key;
    this.kind = kind;
    this.branch = branch;
    this.settle = settle;
  }

  /** Told when the attempt under way is to stop. Made when it is first asked for: most steps never do. */
  get abortSignal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }

  /** The next attempt has a signal of its own. */
  begin(): void {
    this.acting = true;
    this.#controller = null;
    this.#aborted = undefined;
  }
}

export interface TakenSignal {
  readonly id: string;
  readonly name: string;
  readonly value?: Json;
  /** Of the record that it was taken. */
  readonly seq: number;
}

export interface TransactionStatement {
  readonly sql: string;
  readonly parameters: readonly (null | number | bigint | string | Uint8Array)[];
}

export interface ChildPlan {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string | undefined;
  readonly input: Json | undefined;
  readonly inputHash: string | undefined;
  readonly close: "wait" | "cancel" | "detach";
  readonly tags: Readonly<Record<string, string>>;
  readonly queue: string | undefined;
  readonly placement: Placement | undefined;
  readonly tenant: string | undefined;
}
