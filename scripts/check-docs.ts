// npm run check:docs [-- PART-OF-A-PATH…]: what the pages show compiles and runs, and their links lead somewhere. CONTRIBUTING.md says which blocks are run.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { PostgresServer, postgresInstallations } from "@heddle/testing";
import { PageShell } from "./docs/page-shell.ts";
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
  readonly page: string;
  readonly place: string;
  readonly folder: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly server: "postgres" | undefined;
}
const ready: Ready[] = [];
const sources: string[] = [];
for (const page of pages) {
  const folder = join(work, page.replace(/\.md$/, "").replaceAll("/", "-"));
  const text = readFileSync(join(root, page), "utf8");
  for (const { line, target } of readLinks(text)) {
    if (!existsSync(join(root, dirname(page), target))) faults.push(`${page}:${line}: links ${target}, which is not there`);
  }
  try {
    for (const { line, language, file, run, server, code } of readBlocks(text)) {
      mkdirSync(folder, { recursive: true });
      const name = file ?? `line-${line}.${language}`;
      writeFileSync(join(folder, name), code);
      if (language === "ts") sources.push(join(folder, name));
      if (!run) continue;
      ready.push({
        page,
        place: `${page}:${line}`,
        folder,
        server,
        ...(language === "ts" ? { command: process.execPath, args: [name] } : { command: "bash", args: ["-eu", name] }),
      });
    }
  } catch (error) {
    faults.push(`${page}: ${(error as Error).message}`);
  }
}

if (sources.length > 0) {
  writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json", include: [], files: sources }));
  const types = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-p", "tsconfig.json"], { cwd: work, encoding: "utf8", env });
  if (types.status !== 0) faults.push(`the blocks do not compile (the folder is the page, the file the line):\n${types.stdout}`);
}

let server: PostgresServer | null = null;
let skipped = 0;
for (const page of pages) {
  using shell = new PageShell();
  let address: string | undefined;
  const blocks = ready.filter((each) => each.page === page);
  for (const [index, { place, folder, command, args, server: needed }] of blocks.entries()) {
    if (needed !== undefined && postgresInstallations().length === 0 && process.env["CI"] === undefined) {
      process.stdout.write(`SKIP  ${place} and what follows on its page: there is no PostgreSQL on this machine\n`);
      skipped += blocks.length - index;
      break;
    }
    if (needed !== undefined) address = (server ??= await PostgresServer.start()).newAddress();
    count++;
    const { fault } = await shell.run(folder, command, args, address === undefined ? env : { ...env, HEDDLE_STORE: address });
    process.stdout.write(`${fault === null ? "ok   " : "FAULT"} ${place}\n`);
    if (fault !== null) faults.push(`${place}: ${fault}`);
  }
}
await server?.[Symbol.asyncDispose]();
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`${pages.length} pages, ${count} blocks run, ${skipped === 0 ? "" : `${skipped} skipped, `}${faults.length} faults\n`);
if (faults.length === 0) rmSync(work, { recursive: true, force: true });
process.exitCode = faults.length === 0 ? 0 : 1;
