import type { Id } from "./plan.ts";

/** One thing wrong with a Plan. */
export interface PlanFault {
  /** Where, as a JSON Pointer (RFC 6901): `/tasks/review/when/0/join`. Empty: the Plan as a whole. */
  readonly path: string;
  readonly code: PlanFaultCode;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** What to do about it, in a sentence. */
  readonly mend: string;
  /** The tasks of a cycle, each before the next and the last before the first. */
  readonly cycle?: readonly Id[];
}

/** Kinds of faults. They never change their names. */
export type PlanFaultCode =
  /** A value of the wrong type or out of its range. */
  | "value"
  | "missing-key"
  | "unknown-key"
  /** Text that is no Id. */
  | "id"
  | "not-json"
  | "retry-policy"
  | "unknown-task"
  | "unknown-channel"
  | "unknown-type"
  | "duplicate-trigger"
  | "duplicate-member"
  | "two-groups"
  | "group-cycle"
  | "edge-crosses-group"
  | "label-without-ok"
  | "join-range"
  | "join-without-edges"
  | "skip-on-cycle"
  | "slot-numbers"
  | "slot-key"
  | "batch-slots"
  | "batch-within"
  | "not-at-root"
  | "log-channel"
  | "keyed-initial"
  | "ephemeral-in-eager"
  | "concurrent-writers"
  | "duplicate-task"
  | "late-member"
  | "too-many-tasks"
  | "rounds-in-eager";

/** The path of a part: keys are escaped as RFC 6901 says. */
export function pointer(path: string, key: string | number): string {
  return typeof key === "number" ? `${path}/${key}` : `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Faults as they are found on a walk through a plan; paths are only written out for faults. */
export class FaultList {
  readonly all: PlanFault[] = [];
  readonly #place: (string | number)[] = [];

  /** Go into a part; `leave` goes out again. */
  enter(key: string | number): void {
    this.#place.push(key);
  }

  leave(): void {
    this.#place.pop();
  }

  /** The last key of the way here, as the subject of a sentence. */
  get subject(): string {
    return this.#place.length === 0 ? "The plan" : JSON.stringify(String(this.#place.at(-1)));
  }

  /** A fault here, or at a key of what is here. */
  add(code: PlanFaultCode, message: string, mend: string, key?: string): void {
    let path = "";
    for (const step of this.#place) path = pointer(path, step);
    this.all.push({ path: key === undefined ? path : pointer(path, key), code, message, mend });
  }
}

/** A value as it stands in a fault's sentence. */
export function shown(value: unknown): string {
  if (value === undefined) return "absent";
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
