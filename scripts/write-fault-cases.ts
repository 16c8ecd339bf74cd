// npm run write:fault-cases: writes docs/fault-cases.md from the titles of the tests. A test fails when it is out of date.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { groups } from "./fault-cases/cases.ts";
import { faultCasePage } from "./fault-cases/page.ts";
import { readCaseTests } from "./fault-cases/read-tests.ts";

const root = join(import.meta.dirname, "..");
const { page, faults } = faultCasePage(groups, readCaseTests(root));
writeFileSync(join(root, "docs", "fault-cases.md"), page);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
