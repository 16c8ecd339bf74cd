import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "heddle-store-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

/** Path of a file that is not there yet; everything is removed when the test file has ended. */
export function newPath(): string {
  files += 1;
  return join(folder, `store-${files}.db`);
}
