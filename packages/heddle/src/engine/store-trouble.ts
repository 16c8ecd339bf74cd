import { hasCode } from "@heddle/kernel";

/** The store does nothing more: the disk failed, may not be written any more, a newer Heddle has taken the file over, or its runs were moved elsewhere. */
export function isStoreLost(error: unknown): boolean {
  return lost.some((code) => hasCode(error, code));
}

const lost = ["STORE_FAILED", "STORE_READ_ONLY", "STORE_NEWER", "STORE_MOVED"] as const;

/** The store did not answer, or will not any more: it says nothing about the run. */
export function isStoreTrouble(error: unknown): boolean {
  return isStoreLost(error) || hasCode(error, "STORE_UNAVAILABLE") || hasCode(error, "ENGINE_CLOSED");
}
