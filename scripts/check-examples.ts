// npm run check:examples: every example has a page and tests, and the main job does what the README says without a terminal.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const faults: string[] = [];
const examples = readdirSync(join(root, "examples"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
for (const { name } of examples) {
  if (!/^\d\d-[a-z][a-z0-9-]*$/.test(name)) faults.push(`examples/${name}: examples are named 01-like-this, in the order to read them`);
  if (!existsSync(join(root, "examples", name, "README.md"))) faults.push(`examples/${name}: has no README.md`);
  if (globSync(`examples/${name}/test/**/*.test.ts`, { cwd: root }).length === 0) faults.push(`examples/${name}: has no test`);
}

const folder = mkdtempSync(join(tmpdir(), "heddle-examples-"));
try {
  const store = `sqlite:${join(folder, "runs.db")}`;
  const { status, stdout, stderr } = spawnSync("npm", ["--silent", "start", "--", "--store", store], {
    cwd: root,
    encoding: "utf8",
    timeout: 180_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
  process.stdout.write(stdout);
  if (status !== 0) faults.push(`npm start ended with ${status}:\n${stderr}`);
  if (!/audit\.html/.test(stdout)) faults.push("npm start does not say where its report is (audit.html)");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`${examples.length} examples, ${faults.length} faults\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
