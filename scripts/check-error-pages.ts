// npm run check:error-pages: every error code has its page in docs/errors, and every page its code.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorTable } from "@heddle/kernel";
import { checkErrorPages } from "./error-pages/check.ts";

const folder = join(import.meta.dirname, "..", "docs", "errors");
const pages = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
const faults = checkErrorPages(Object.keys(errorTable), pages);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`${Object.keys(errorTable).length} codes, ${faults.length} faults\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
