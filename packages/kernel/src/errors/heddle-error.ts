import type { ErrorCode } from "./error-table.ts";

/**
 * Every error that Heddle throws on purpose. `code` is API and never changes; the message may.
 * The message says what happened, where, and what to do. Compare `code`, not `instanceof`, across packages.
 */
export class HeddleError extends Error {
  readonly code: ErrorCode;
  /** The facts of the message as fields: run id, path, expected, got. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { readonly data?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options);
    this.name = "HeddleError";
    this.code = code;
    this.data = options.data ?? {};
  }
}

/** True for any error that carries this code, whichever copy of the package made it. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return typeof error === "object" && error !== null && (error as { code?: unknown }).code === code;
}
