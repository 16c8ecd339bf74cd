import { HeddleError } from "../errors/heddle-error.ts";
import { formatPath, type PathStep } from "./value-path.ts";

/** The error for a value that cannot be kept: where, what stands there, what to do. */
export function refusal(what: string, path: readonly PathStep[], found: string, mend: string, cause?: unknown): HeddleError {
  const where = formatPath(path);
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  const message = `${what.charAt(0).toUpperCase()}${what.slice(1)} cannot be kept: at ${shortened(where)} stands ${found}${reason}. ${mend}`;
  return new HeddleError("VALUE_NOT_DURABLE", message, {
    data: { path: where, found, mend, what },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A path a thousand levels deep is not read by anybody; `data.path` has it whole. */
function shortened(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 120)}…${path.slice(-60)}`;
}
