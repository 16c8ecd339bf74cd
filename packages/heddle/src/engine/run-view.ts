import type { RunStatus } from "@heddle/kernel";

/** A run as people look at it: read from its journal, never a second truth. */
export interface RunView {
  readonly runId: string;
  readonly workflow: string;
  readonly status: RunStatus;
  /** Last event that it holds. */
  readonly seq: number;
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly input: unknown;
  readonly output?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string; readonly stack?: string };
  readonly tasks: readonly TaskView[];
  readonly channels: Readonly<Record<string, unknown>>;
  /** Who it waits for. */
  readonly waits: readonly WaitView[];
  /** Signals that came and that nobody has taken. */
  readonly signals: readonly { readonly name: string; readonly value: unknown }[];
  /** Why it is paused. */
  readonly pause?: { readonly code: string; readonly message: string; readonly difference?: readonly string[] };
}

export interface TaskView {
  readonly task: string;
  readonly nth: number;
  readonly attempt: number;
  readonly status: "running" | "retrying" | "completed" | "failed" | "skipped" | "blocked" | "cancelled" | "timed-out" | "unknown";
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** Recorded operations of a durable function, oldest first. */
  readonly operations: readonly OperationView[];
}

export interface OperationView {
  readonly key: string;
  /** Of a question: what it is answered by. */
  readonly id?: string;
  readonly op: string;
  readonly status: "waiting" | "retrying" | "completed" | "failed" | "cancelled" | "timed-out" | "unknown";
  readonly attempt: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
  readonly openedAtMs?: number;
  readonly endedAtMs?: number;
}

export interface WaitView {
  readonly kind: "sleep" | "receive" | "ask" | "call" | "retry" | "timer";
  readonly key: string;
  /** Of a question: what it is answered by. */
  readonly id?: string;
  readonly dueAtMs?: number;
  readonly signal?: string;
  readonly child?: string;
  readonly question?: unknown;
}
