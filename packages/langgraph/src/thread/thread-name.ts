import { sha256Hex } from "@heddle/kernel";

/** An id of a run is 1 to 128 of these. */
const plain = /^[A-Za-z0-9_.:-]{1,100}$/;

/** Id of the run that is a thread: its own id, or the hash of one that an id of a run cannot hold. */
export function threadRunId(threadId: string): string {
  return plain.test(threadId) ? `langgraph:${threadId}` : `langgraph.sha256:${sha256Hex(threadId)}`;
}
