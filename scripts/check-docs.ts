// npm run check:docs [-- PART-OF-A-PATH…]: what the pages show compiles and runs, and their links lead somewhere. CONTRIBUTING.md says which blocks are run.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { readBlocks } from "./docs/read-blocks.ts";
import { readLinks } from "./docs/read-links.ts";

const root = join(import.meta.dirname, "..");
const filters = process.argv.slice(2);
const pages = globSync(["*.md", "docs/**/*.md", "decisions/*.md", "examples/*/README.md", "packages/*/README.md"], { cwd: root })
  .filter((page) => filters.length === 0 || filters.some((filter) => page.includes(filter)))
  .sort();

// In the clone, so that `import "heddle"` and `npx heddle` find what people will find; each page has a folder of its own.
const work = join(root, ".docs-check");
rmSync(work, { recursive: true, force: true });
mkdirSync(work);
const env = { ...process.env, NO_COLOR: "1", PATH: `${join(root, "node_modules", ".bin")}${delimiter}${process.env["PATH"] ?? ""}` };
const faults: string[] = [];
let count = 0;

interface Ready {
  readonly place: string;
  readonly folder: string;
  readonly command: string;
  readonly args: readonly string[];
}
const ready: Ready[] = [];
for (const page of pages) {
  const folder = join(work, page.replace(/\.md$/, "").replaceAll("/", "-"));
  const text = readFileSync(join(root, page), "utf8");
  for (const { line, target } of readLinks(text)) {
    if (!existsSync(join(root, dirname(page), target))) faults.push(`${page}:${line}: links ${target}, which is not there`);
  }
  try {
    for (const { line, language, file, code } of readBlocks(text)) {
      mkdirSync(folder, { recursive: true });
      const name = file ?? `line-${line}.${language}`;
      writeFileSync(join(folder, name), code);
      ready.push({
        place: `${page}:${line}`,
        folder,
        ...(language === "ts" ? { command: process.execPath, args: [name] } : { command: "bash", args: ["-eu", name] }),
      });
    }
  } catch (error) {
    faults.push(`${page}: ${(error as Error).message}`);
  }
}

const sources = ready.filter(({ command }) => command === process.execPath).map(({ folder, args }) => join(folder, args[0] ?? ""));
if (sources.length > 0) {
  writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json", include: [], files: sources }));
  const types = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-p", "tsconfig.json"], { cwd: work, encoding: "utf8", env });
  if (types.status !== 0) faults.push(`the blocks do not compile (the folder is the page, the file the line):\n${types.stdout}`);
}
for (const { place, folder, command, args } of ready) {
  count++;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env,
    timeout: 60_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
  process.stdout.write(`${status === 0 ? "ok   " : "FAULT"} ${place}\n`);
  if (status !== 0) faults.push(`${place}: ${error === undefined ? `ended with ${status}` : error.message}\n${stdout}${stderr}`);
}
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`${pages.length} pages, ${count} blocks run, ${faults.length} faults\n`);
if (faults.length === 0) rmSync(work, { recursive: true, force: true });
process.exitCode = faults.length === 0 ? 0 : 1;
