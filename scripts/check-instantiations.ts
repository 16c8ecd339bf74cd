// npm run check:instantiations: bounds what Heddle's types cost the compiler of somebody who uses them.
// A large example of typed workflows is compiled, then its schemas alone: the difference is the price.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** About half above what it is: a type that goes deep through every result doubles it, one more method on `Context` does not. */
const limit = 7_000;

const root = join(import.meta.dirname, "..");
const types = join(root, "packages", "heddle", "test", "types");
const folder = mkdtempSync(join(root, "node_modules", ".instantiations-"));
try {
  const example = instantiations(join(types, "large-example.ts"));
  const before = instantiations(join(types, "schemas-alone.ts"));
  const price = example - before;
  process.stdout.write(`${price} instantiations, at most ${limit} (large example ${example}, its schemas alone ${before})\n`);
  process.exitCode = price > limit ? 1 : 0;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Compiles one file with what it imports, and nothing else, and reads the compiler's own count. */
function instantiations(file: string): number {
  const config = join(folder, "tsconfig.json");
  writeFileSync(config, JSON.stringify({ extends: join(root, "tsconfig.json"), files: [file], include: [] }));
  const compiler = join(root, "node_modules", ".bin", "tsc");
  const { status, stdout, stderr } = spawnSync(compiler, ["-p", config, "--extendedDiagnostics"], { cwd: root, encoding: "utf8" });
  const count = /^Instantiations:\s*(\d+)$/m.exec(stdout)?.[1];
  if (status === 0 && count !== undefined) return Number(count);
  throw new Error(`${file} does not compile, so nothing can be counted:\n${stdout}${stderr}`);
}
