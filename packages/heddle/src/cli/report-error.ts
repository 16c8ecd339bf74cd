import { type ErrorCode, errorTable } from "@heddle/kernel";
import { exitCode } from "./command.ts";
import type { Io } from "./io.ts";
import { wrapText } from "./text/line.ts";
import { tinted } from "./text/style.ts";
import { printable, printableLines } from "./text/text-width.ts";

/** What went wrong, as people are told: one sentence with its code, what helps to see it, and a next step. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details: readonly string[];
  readonly next: readonly string[];
  readonly exitCode: number;
}

/** Read any thrown value as a failure of the command line. */
export function failureOf(error: unknown, io: Pick<Io, "program" | "env">): Failure {
  const { code, message, data, stack } = partsOf(error);
  if (code === null) {
    const shown = io.env.HEDDLE_DEBUG ? (stack ?? []) : [];
    return {
      code: "ERROR",
      message,
      details: shown,
      next: shown.length > 0 ? [] : ["HEDDLE_DEBUG=1 in the environment shows where it comes from"],
      exitCode: exitCode.failed,
    };
  }
  return {
    code,
    message,
    // What the message says already is not said again.
    details: [...details(data).filter((line) => !message.includes(line)), ...(io.env.HEDDLE_DEBUG && stack !== null ? stack : [])],
    next: nextSteps(code, data, io.program),
    exitCode: usageCodes.has(code) ? exitCode.usage : exitCode.failed,
  };
}

/** Print a failure: to people on standard error, to programs as the last JSON line. */
export function reportFailure(failure: Failure, io: Io): void {
  if (io.args.includes("--json")) {
    io.out(JSON.stringify({ type: "result", status: "failed", error: { code: failure.code, message: failure.message } }));
  }
  const columns = io.screen === null ? Number.POSITIVE_INFINITY : io.screen.columns;
  const head = wrapText(`${failure.code}: ${printable(failure.message)}`, columns);
  const [first = "", ...rest] = head;
  const split = Math.min(first.length, failure.code.length + 1);
  const lines = [
    tinted(first.slice(0, split), "bad", io.style) + first.slice(split),
    ...rest,
    ...failure.details.map((line) => `  ${line}`),
  ];
  for (const step of failure.next)
    lines.push(...wrapText(`Next: ${step}`, columns - 2).map((line) => `  ${tinted(line, "info", io.style)}`));
  io.err(lines.join("\n"));
}

// What the person typed was wrong, as against what went wrong later.
const usageCodes = new Set<string>([
  "USAGE",
  "OPTION_INVALID",
  "FILE_UNKNOWN",
  "EXPORT_UNKNOWN",
  "JSON_INVALID",
  "INPUT_INVALID",
  "STORE_URL_INVALID",
  "RUN_UNKNOWN",
  "RUN_EXISTS",
  "QUESTION_UNKNOWN",
  "ANSWER_INVALID",
] satisfies ErrorCode[]);

function partsOf(error: unknown): {
  code: string | null;
  message: string;
  data: Readonly<Record<string, unknown>>;
  stack: readonly string[] | null;
} {
  if (!(error instanceof Error))
    return { code: null, message: `Something that is no error was thrown: ${printable(String(error))}`, data: {}, stack: null };
  const { code, data } = error as { code?: unknown; data?: unknown };
  const known = typeof code === "string" && Object.hasOwn(errorTable, code);
  return {
    code: known ? code : null,
    message: known ? error.message : `${error.name}: ${error.message}`,
    data: typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {},
    stack: error.stack === undefined ? null : printableLines(error.stack),
  };
}

function details(data: Readonly<Record<string, unknown>>): readonly string[] {
  const lines: string[] = [];
  for (const field of ["usage", "excerpt", "difference", "issues", "faults", "where"]) {
    const value = data[field];
    if (field === "usage" && typeof value === "string") lines.push(`usage: ${value}`);
    else if (Array.isArray(value)) lines.push(...value.map((line: unknown) => detailLine(line)));
  }
  return lines;
}

function detailLine(line: unknown): string {
  if (typeof line === "string") return printable(line.trimStart()).padStart(line.length);
  if (typeof line !== "object" || line === null) return printable(String(line));
  const { path, message, expected, got } = line as Readonly<Record<string, unknown>>;
  const where = typeof path === "string" && path !== "" ? `${path}: ` : "";
  const says = typeof message === "string" ? message : `expected ${String(expected)}, got ${String(got)}`;
  return printable(where + says);
}

function nextSteps(code: string, data: Readonly<Record<string, unknown>>, program: string): readonly string[] {
  const run = typeof data.runId === "string" ? data.runId : null;
  switch (code) {
    case "USAGE":
      return [typeof data.command === "string" ? `${program} help ${data.command}` : `${program} --help`];
    case "RUN_UNKNOWN":
      return [`${program} runs`];
    case "RUN_EXISTS":
      return run === null ? [] : [`${program} show ${run}, or another --id`];
    case "RUN_ENDED":
    case "QUESTION_UNKNOWN":
    case "QUESTION_CLOSED":
    case "RUN_NOT_ENDED":
      return run === null ? [] : [`${program} show ${run}`];
    case "STORE_UNAVAILABLE":
    case "STORE_NEWER":
    case "STORE_NOT_A_STORE":
    case "STORE_READ_ONLY":
    case "STORE_FULL":
    case "STORE_FAILED":
      return [`${program} doctor`];
    case "INPUT_INVALID":
      return [`${program} help run`];
    default:
      return [];
  }
}
