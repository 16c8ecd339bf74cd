import type { ResultSpec } from "./node-spec.ts";

/** What came out of a DAG. */
export interface DagReport {
  /** `partial`: a node failed, or something in it, and the others went on. */
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
  /** Something failed in it, and it completed all the same: an entry of its map, or a node of its DAG. */
  readonly partial?: true;
  /** Whose failure blocked it. */
  readonly by?: string;
}

/** What a report is made of. */
export interface ReportParts {
  /** What a node left, if it completed; undefined: nothing. */
  readonly payloadOf: (id: string) => unknown;
  /** Whether a payload came out of a node or past it: it completed, or was skipped and passes on what it was given. */
  readonly isPassed: (id: string) => boolean;
  readonly runInput: () => unknown;
}

/** The payload of the run: of its sinks that completed. Undefined: nothing made it. */
export function runPayload({ payloads }: ResultSpec, { isPassed, payloadOf, runInput }: ReportParts): unknown {
  const sinks = Object.entries(payloads);
  // A DAG of no nodes gives back what it was given.
  if (sinks.length === 0) return runInput();
  const found: [string, unknown][] = [];
  for (const [sink, holders] of sinks) {
    if (!isPassed(sink)) continue;
    const [holder] = holders;
    const payload = holder === undefined ? runInput() : payloadOf(holder);
    if (payload !== undefined) found.push([sink, payload]);
  }
  return sinks.length > 1 ? Object.fromEntries(found) : found[0]?.[1];
}
