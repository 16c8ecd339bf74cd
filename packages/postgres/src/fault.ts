import { HeddleError } from "@heddle/kernel";

/** What an error of the server or the road to it means for the call that met it. */
export type Fault =
  /** Nothing was done, and the same call may succeed at once: a deadlock, a serialization failure, a time limit. */
  | "again"
  /** Nothing was done, or it is not known; the connection is of no use any more. */
  | "gone"
  /** Nothing was done, here or by anybody: the store's runs were moved to another. */
  | "moved"
  /** Nothing was done: no room. */
  | "full"
  /** Nothing was done, and whoever asks again gets the same: the call itself is wrong. */
  | "ordinary";

/** Serialization, deadlock, a lock not to be had, a statement that took too long. */
const againCodes = new Set(["40001", "40P01", "55P03", "57014"]);

/** SQLSTATE of the function `moved`, whose message is where the runs went. */
const movedCode = "HD002";

export function faultOf(error: unknown): Fault {
  const code = stateOf(error);
  // A fault of the code itself says the same each time.
  if (code === null) return error instanceof TypeError || error instanceof RangeError ? "ordinary" : "gone";
  if (againCodes.has(code)) return "again";
  if (code === movedCode) return "moved";
  if (code === "53100" || code === "53200") return "full";
  // Connection, too many of them, operator's intervention, a transaction that was left idle, read-only, the system; not damaged data (XX001, XX002).
  if (/^(08|53|57|58|XX000|25P03|25006)/u.test(code)) return "gone";
  return "ordinary";
}

/** SQLSTATE of an error that the server sent; null: it came from elsewhere. */
export function stateOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("severity" in error) || !("code" in error)) return null;
  return typeof error.code === "string" && error.code.length === 5 ? error.code : null;
}

export function toHeddleError(error: unknown, place: string): HeddleError {
  if (error instanceof HeddleError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const state = stateOf(error);
  const options = { data: { place, ...(state === null ? null : { state }) }, cause: error };
  switch (faultOf(error)) {
    case "full":
      return new HeddleError("STORE_FULL", `PostgreSQL at ${place} has no room: ${text}. Nothing of this commit was kept.`, options);
    case "gone":
    case "again":
      return new HeddleError("STORE_UNAVAILABLE", `PostgreSQL at ${place} does not answer: ${text}.`, options);
    case "moved":
      return new HeddleError(
        "STORE_MOVED",
        `The store at ${place} takes no more writes: its runs were moved to ${text}. Open that store instead.`,
        {
          data: { place, to: text },
          cause: error,
        },
      );
    case "ordinary":
      return new HeddleError("STORE_FAILED", `PostgreSQL at ${place} refused: ${text}.`, options);
  }
}
