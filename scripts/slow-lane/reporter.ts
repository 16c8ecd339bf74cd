// A reporter of node:test that writes docs/slow-lane.md: npm run test:slow -- --write
import { join, relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { machineLine } from "../machine.ts";
import { type FileResult, slowLanePage } from "./page.ts";

const root = join(import.meta.dirname, "..", "..");

/** One result for each file, and at the end the page. */
export default async function* slowLaneReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files = new Map<string, FileResult>();
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail" && type !== "test:diagnostic") continue;
    if (data.file === undefined) continue;
    const file = relative(root, data.file);
    const result = files.get(file) ?? { passed: 0, failed: 0, skipped: 0, durationMs: 0, said: [] };
    files.set(file, result);
    if (type === "test:diagnostic") {
      if (data.nesting > 0) result.said.push(data.message);
      continue;
    }
    // A file, and a suite, end like a test of their own: only what is in them counts, but the time of the outermost.
    if (data.nesting === 0) result.durationMs += data.details.duration_ms;
    if (data.details.type === "suite") continue;
    if (data.skip !== undefined && data.skip !== false) result.skipped++;
    else if (type === "test:pass") result.passed++;
    else result.failed++;
  }
  yield slowLanePage(files, {
    date: new Date().toISOString().slice(0, 10),
    seed: process.env["HEDDLE_SEED"] ?? "1",
    machine: machineLine(),
  });
}
