import type { ErrorValue } from "../run/outcome.ts";
import { decodeValue } from "./decode-value.ts";
import type { Json } from "./json.ts";

/**
 * The error of a recorded ErrorValue, with its cause chain, stack and fields. The language's own classes and `HeddleError` come back
 * as themselves; any other as `Error` with its name, so compare `name` or `code`.
 *
 * @throws HeddleError `VALUE_UNREADABLE` a field cannot be decoded
 */
export function decodeError(error: ErrorValue): Error {
  return decodeValue({ $error: error as unknown as Json }) as Error;
}
