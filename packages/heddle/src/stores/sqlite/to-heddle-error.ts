import { HeddleError } from "@heddle/kernel";
import type { ErrorFields } from "./error-fields.ts";

/** What callers get to see of a failure. */
export function toHeddleError(error: ErrorFields & { readonly cause?: unknown }): HeddleError {
  return new HeddleError(error.code, error.message, { data: error.data, cause: error.cause });
}
