import { type CommitBatch, type CommitVerdict, HeddleError } from "@heddle/kernel";
import { CommitCall, type CommitAnswer } from "./commit-call.ts";
import { faultOf, stateOf, toHeddleError } from "./fault.ts";
import { KnownRuns } from "./known-runs.ts";
import { hintFor } from "./run-hints.ts";

/** What is used of a connection: `pg`'s clients have it, as do wrappers of other drivers. */
interface Queryable {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly { readonly answer: CommitAnswer | null }[] }>;
}

/** SQLSTATE of the function `commit_within`: the store of this schema is another one. */
const otherStore = "HD001";
/** No such schema, no such function: nothing of ours is there. */
const notThere = new Set(["3F000", "42883"]);

/** A batch as a part of the transaction that is open on somebody else's connection. @param storeId of the store that it must reach */
export async function commitWithin(
  transaction: unknown,
  { s, place, storeId }: { readonly s: string; readonly place: string; readonly storeId: string },
  batch: CommitBatch,
  nowMs: number,
): Promise<CommitVerdict> {
  if (!isQueryable(transaction))
    throw new HeddleError("TRANSACTION_FOREIGN", "engine.within was given no connection: pass the client on which you have sent BEGIN.");
  // Nothing is remembered of it: it may be rolled back.
  const call = new CommitCall(batch, new KnownRuns());
  try {
    const { rows } = await transaction.query(`SELECT ${s}.commit_within($1, $2, $3, $4) AS answer`, [
      storeId,
      nowMs,
      call.rest(),
      hintFor(batch),
    ]);
    return call.verdict(rows[0]?.answer ?? null);
  } catch (error) {
    const state = stateOf(error);
    if (faultOf(error) === "again") {
      const said = `The transaction at ${place} cannot go on (${error instanceof Error ? error.message : String(error)}): roll it back, and do it again.`;
      throw new HeddleError("TRANSACTION_FAILED", said, { data: { place, state }, cause: error });
    }
    if (state !== otherStore && !notThere.has(state ?? "")) throw toHeddleError(error, place);
    const message = `The transaction is not in the database of the store at ${place}: begin it on a connection to that database.`;
    throw new HeddleError("TRANSACTION_FOREIGN", message, { data: { place }, cause: error });
  }
}

function isQueryable(value: unknown): value is Queryable {
  return typeof value === "object" && value !== null && "query" in value && typeof value.query === "function";
}
