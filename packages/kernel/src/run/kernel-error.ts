import type { ErrorCode } from "../errors/error-table.ts";
import type { Json } from "../value/json.ts";
import type { ErrorValue } from "./outcome.ts";

/** An error that the kernel itself gives as an outcome, as it stands in the journal. */
export function kernelError(
  code: ErrorCode,
  message: string,
  more: { readonly data?: Json; readonly cause?: ErrorValue } = {},
): ErrorValue {
  return { name: "HeddleError", message, code, ...more };
}
