import { decodeValue, type Json } from "@heddle/kernel";
import type { WaitView } from "../../engine/run-view.ts";

/** A question that a run waits with, read from what its workflow asked. */
export interface OpenQuestion {
  readonly runId: string;
  readonly key: string;
  /** `interrupt`: the run was to stop here; it is only asked whether it goes on. */
  readonly kind: "approval" | "choice" | "text" | "form" | "interrupt";
  readonly prompt: string;
  readonly details: unknown;
  /** Who may answer; empty: anyone. */
  readonly approvers: readonly string[];
  readonly choices: readonly string[];
  readonly dueAtMs: number | null;
}

/** The questions among what a run waits for, oldest first. */
export function openQuestions(runId: string, waits: readonly WaitView[]): readonly OpenQuestion[] {
  return waits.filter((wait) => wait.kind === "ask").map((wait) => readQuestion(runId, wait));
}

function readQuestion(runId: string, wait: WaitView): OpenQuestion {
  const { kind, prompt, details, approvers, choices } = (
    typeof wait.question === "object" && wait.question !== null ? wait.question : {}
  ) as Record<string, unknown>;
  return {
    runId,
    key: wait.id ?? wait.key,
    kind: kind === "choice" || kind === "text" || kind === "form" || kind === "interrupt" ? kind : "approval",
    prompt: typeof prompt === "string" ? prompt : wait.key,
    details: details === undefined ? undefined : decodeValue(details as Json),
    approvers: texts(approvers),
    choices: texts(choices),
    dueAtMs: wait.dueAtMs ?? null,
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
