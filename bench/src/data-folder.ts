import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fresh folder for stores, removed when it is disposed of. On the disk of `HEDDLE_BENCH_DATA`, default the system's temporary one. */
export function dataFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(process.env["HEDDLE_BENCH_DATA"] ?? tmpdir(), "heddle-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Bytes of all files in a folder and below it. */
export function folderBytes(path: string): number {
  let bytes = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    bytes += entry.isDirectory() ? folderBytes(join(path, entry.name)) : statSync(join(path, entry.name)).size;
  }
  return bytes;
}
