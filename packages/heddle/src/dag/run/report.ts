/** What came out of a DAG. */
export interface DagReport {
  /** `partial`: a node failed, and the failure strategy let the others go on. */
  readonly status: "completed" | "partial";
  /**
   * The payload of the only sink, or of the node that `output` names; an object with the payload of each sink if there are several. Of an
   * analyzer it is the one that it was given. Absent where nothing made it.
   */
  readonly payload?: unknown;
  readonly outcomes: Readonly<Record<string, NodeOutcome>>;
  /** By node; nodes without any are left out. */
  readonly metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** How a node ended. */
export interface NodeOutcome {
  /** `blocked`: something that it depends on did not complete. `skipped`: it was not to run. */
  readonly status: "completed" | "failed" | "timed-out" | "cancelled" | "unknown" | "skipped" | "blocked";
  readonly error?: { readonly message: string; readonly code?: string };
  /** Whose failure blocked it. */
  readonly by?: string;
}
