import type { ErrorCode } from "@heddle/kernel";

/**
 * What a failure of SQLite means for the store. `busy`: another process had the file for too long; nothing was committed. `full`: no room;
 * nothing was committed. `failed`: what is on disk is not known. `ordinary`: the statement's own fault; the database is as before it.
 */
export type FaultKind = "busy" | "full" | "failed" | "ordinary";

/**
 * A failure as the writer knows it. It becomes a `HeddleError` on the main thread: the writer's thread does not load the kernel, which
 * would make it start much later.
 */
export class StoreFault extends Error {
  readonly kind: FaultKind;
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(kind: FaultKind, code: ErrorCode, message: string, data: Readonly<Record<string, unknown>>, cause?: unknown) {
    super(message, { cause });
    this.name = "StoreFault";
    this.kind = kind;
    this.code = code;
    this.data = data;
  }
}

// Primary result codes of SQLite.
const busy = 5;
const locked = 6;
const noMemory = 7;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const protocol = 15;
const tooBig = 18;
const notADatabase = 26;
/** The log's index could not grow: how SQLite reports a full disk there. */
const ioErrorShmSize = 4874;

export function faultOf(error: unknown, path: string): StoreFault {
  if (error instanceof StoreFault) return error;
  const code = resultCode(error);
  const text = error instanceof Error ? error.message : String(error);
  const data = { path, sqlite: code ?? null };
  const fault = (kind: FaultKind, heddleCode: ErrorCode, message: string): StoreFault =>
    new StoreFault(kind, heddleCode, message, data, error);
  if (code === ioErrorShmSize) return fault("full", "STORE_FULL", fullText(path));
  switch (code === null ? null : code & 0xff) {
    case busy:
    case locked:
    case protocol:
      return fault(
        "busy",
        "STORE_UNAVAILABLE",
        `Another process kept ${path} locked for too long. Nothing was committed; try again, or end what holds it.`,
      );
    case full:
      return fault("full", "STORE_FULL", fullText(path));
    case noMemory:
      return fault("busy", "STORE_UNAVAILABLE", `There was no memory for a transaction on ${path}. Nothing was committed; try again.`);
    case readOnly:
      return fault(
        "failed",
        "STORE_READ_ONLY",
        `${path} cannot be written (${text}). Check the file's and its folder's permissions, then open it again.`,
      );
    case corrupt:
    case notADatabase:
      return fault(
        "failed",
        "STORE_FAILED",
        `${path} is damaged (${text}). Stop, keep a copy of it and of its -wal file, and restore it from a backup.`,
      );
    case ioError:
    case cannotOpen:
      return fault(
        "failed",
        "STORE_FAILED",
        `Reading or writing ${path} failed (${text}). What the disk holds is not known: check it, then open the store again.`,
      );
    case tooBig:
      return fault("ordinary", "VALUE_TOO_LARGE", `A text is too large for ${path}: SQLite keeps up to 1,000,000,000 bytes.`);
    default:
      return fault("ordinary", "OPTION_INVALID", `${path} could not keep what it was given: ${text}`);
  }
}

/** Extended result code of SQLite; null: the error is none of SQLite's. */
export function resultCode(error: unknown): number | null {
  const code = typeof error === "object" && error !== null ? (error as { errcode?: unknown }).errcode : undefined;
  return typeof code === "number" ? code : null;
}

function fullText(path: string): string {
  return `The disk of ${path} is full. Nothing was committed; make room, and later commits succeed again.`;
}
