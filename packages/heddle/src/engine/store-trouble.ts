import { hasCode } from "@heddle/kernel";

/** The store does nothing more until it is opened again: the disk failed, may not be written any more, or a newer Heddle has taken the file over. */
export function isStoreLost(error: unknown): boolean {
  return hasCode(error, "STORE_FAILED") || hasCode(error, "STORE_READ_ONLY") || hasCode(error, "STORE_NEWER");
}

/** The store did not answer, or will not any more: it says nothing about the run. */
export function isStoreTrouble(error: unknown): boolean {
  return isStoreLost(error) || hasCode(error, "STORE_UNAVAILABLE") || hasCode(error, "ENGINE_CLOSED");
}
