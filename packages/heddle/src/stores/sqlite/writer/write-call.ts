import type {
  ClaimOptions,
  CommitBatch,
  CommitVerdict,
  ImportVerdict,
  RunId,
  RunRow,
  RunStatus,
  StoreMove,
  WholeRun,
} from "@heddle/kernel";
import type { ErrorFields } from "../error-fields.ts";

/** What the writer can be asked for. */
export type WriteCall =
  | { readonly type: "commit"; readonly batch: CommitBatch }
  | { readonly type: "claim"; readonly options: ClaimOptions }
  | { readonly type: "heartbeat"; readonly node: string; readonly untilMs: number; readonly nowMs: number }
  | { readonly type: "reap"; readonly nowMs: number }
  | { readonly type: "take-duty"; readonly duty: string; readonly node: string; readonly untilMs: number; readonly nowMs: number }
  | { readonly type: "leave"; readonly node: string; readonly nowMs: number }
  | { readonly type: "describe"; readonly node: string; readonly info: string }
  | {
      readonly type: "set-status";
      readonly runId: RunId;
      readonly from: readonly RunStatus[];
      readonly to: RunStatus;
      readonly wakeAtMs: number | null;
      readonly note: string | null;
    }
  | { readonly type: "delete"; readonly runId: RunId }
  | { readonly type: "compact"; readonly runId: RunId; readonly throughSeq: number }
  | { readonly type: "sweep"; readonly beforeMs: number; readonly limit: number }
  | { readonly type: "put-blob"; readonly hash: string; readonly body: string }
  | { readonly type: "import"; readonly runs: readonly WholeRun[] }
  | { readonly type: "set-move"; readonly move: StoreMove | null }
  /** Has another process written? Answered with the reply that it is in. */
  | { readonly type: "probe" };

/** A call that could not be done for a reason of its own, while the others of its group were. */
export class CallRefused {
  readonly error: ErrorFields;

  constructor(error: ErrorFields) {
    this.error = error;
  }
}

/** Its answer, by the type of the call. */
export type WriteAnswer = CommitVerdict | readonly RunRow[] | readonly ImportVerdict[] | boolean | number | null | CallRefused;

/** The answers of a group, in its order. */
export interface GroupAnswer {
  readonly answers: readonly WriteAnswer[];
  /** Another process has written since the group before. */
  readonly foreign: boolean;
  /** A limit may have a place for a run that waits. */
  readonly placeFree: boolean;
}
