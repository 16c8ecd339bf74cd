import { readFileSync } from "node:fs";

/** Calls of fsync and fdatasync that a process made, by the kind of file. */
export interface Flushes {
  /** The log of a SQLite file. */
  readonly log: number;
  /** The file itself: once for each checkpoint. */
  readonly database: number;
  /** Anything else: folders, rollback journals. */
  readonly other: number;
}

/** Flags of strace that write what `readFlushes` reads. */
export function straceArguments(output: string): string[] {
  return ["-f", "-y", "-e", "trace=fsync,fdatasync", "-o", output];
}

/** @param text what strace wrote */
export function countFlushes(text: string): Flushes {
  const flushes = { log: 0, database: 0, other: 0 };
  for (const [, path = ""] of text.matchAll(/\bf(?:data)?sync\(\d+<([^>]*)>/g)) {
    if (path.endsWith("-wal")) flushes.log++;
    else if (path.endsWith(".db")) flushes.database++;
    else flushes.other++;
  }
  return flushes;
}

export function readFlushes(output: string): Flushes {
  return countFlushes(readFileSync(output, "utf8"));
}

/** Flushes that were a commit's own: a checkpoint flushes the log before it and the file after it, and the log again when that begins anew. */
export function commitFlushes({ log, database }: Flushes): number {
  return log - 2 * database;
}
