import type {
  Clock,
  LateText,
  NewMessage,
  NewRun,
  PartVerdict,
  Random,
  RunOutcome,
  RunPart,
  StoreFeatures,
  StoredMessage,
  HeddleError,
} from "@heddle/kernel";
import type { Workflow } from "../../workflow/workflow.ts";
import type { DueTimes } from "../due-times.ts";
import type { LivePiece } from "../engine.ts";
import type { FrameHistory } from "../frame/history.ts";
import type { ChildPlan } from "../frame/operation.ts";
import type { OwnedRun } from "../owned-run.ts";
import type { Secrets } from "../secrets.ts";
import type { SuspectGate } from "./suspect-gate.ts";

/** What a run needs of its engine. */
export interface RunHost {
  readonly node: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What happens at a time, epoch milliseconds. */
  readonly due: DueTimes;
  /** What happens when something took too long, in the clock's monotonic milliseconds. */
  readonly limits: DueTimes;
  readonly features: StoreFeatures;
  readonly strict: boolean;
  readonly maxValueBytes: number;
  readonly graceMs: number;
  readonly secrets: Secrets;
  /** Which of the runs that crashed again and again may do something. */
  readonly suspects: SuspectGate;
  touch(run: OwnedRun): void;
  /** Whether a run may go on without a turn of its own. */
  mayHurry(): boolean;
  /** Append one event and nothing besides, from a store that answers at once; null: it does not. False: the run is owned by another. */
  appendNow(runId: string, epoch: number, expectedSeq: number, atMs: number, event: LateText): boolean | null;
  /** Commit at once if the store answers at once and nothing waits before it; null: it does not. */
  submitNow(part: RunPart): PartVerdict | null;
  submit(run: OwnedRun, part: RunPart, done: (verdict: PartVerdict) => void): void;
  /** Whatever the store knows of a run at this epoch, others may go on with it. If it is another's by now, nothing happens. */
  giveUp(runId: string, epoch: number): void;
  /** Mail outside of a part of the run's own. */
  send(message: NewMessage): void;
  /** A function calls this workflow: its runs may be taken up here from now on. */
  learn(workflow: Workflow<never, unknown>): void;
  /** @param tenant the parent's */
  newChild(child: ChildPlan, parent: { readonly runId: string; readonly of: number; readonly key: string }, tenant: string | null): NewRun;
  /** Whether any node that is known could ever take a child up; resolves to why not. Null: it need not be asked. */
  whyImpossible(row: NewRun["row"]): Promise<HeddleError | null> | null;
  readMail(runId: string): Promise<readonly StoredMessage[]>;
  /** Committed events, for whoever watches the run. */
  publish(runId: string, firstSeq: number, events: readonly string[]): void;
  watches(runId: string): boolean;
  live(runId: string, seq: number, piece: LivePiece): void;
  /** What an activation has recorded so far, from the journal. */
  history(run: OwnedRun, of: number): Promise<FrameHistory>;
  /** There is a snapshot of `seq`. What stands up to `throughSeq` is in the last two, and no open function of either needs it: it may be dropped. */
  snapshotKept(run: OwnedRun, seq: number, throughSeq: number): void;
  ghostReady(run: OwnedRun): void;
  /** Whether this node's lease holds by its own clock; if not, it is looked up before anything else happens. */
  leaseHolds(): boolean;
  afterLeaseCheck(call: () => void): void;
  ended(run: OwnedRun, outcome: RunOutcome): void;
  parked(run: OwnedRun): void;
  lost(run: OwnedRun, reason: HeddleError): void;
  /** A commit created runs or mail for others: they may be due now. */
  stir(runIds: readonly string[]): void;
}
