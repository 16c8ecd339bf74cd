// npm run pack [-- --out=FOLDER]: tarballs of every package, checked as people will install them. Default: dist/.
import { join, resolve } from "node:path";
import { buildPackages } from "./pack/build-packages.ts";
import { lintPackage } from "./pack/lint-package.ts";

const root = join(import.meta.dirname, "..");
const out = process.argv.find((argument) => argument.startsWith("--out="))?.slice("--out=".length);

let faults = 0;
try {
  for (const built of await buildPackages(root, resolve(out ?? join(root, "dist")))) {
    const found = await lintPackage(root, built);
    process.stdout.write(
      `${found.length === 0 ? "ok   " : "FAULT"} ${built.tarball}\n${found.map((fault) => `      ${fault}\n`).join("")}`,
    );
    faults += found.length;
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  faults++;
}
process.exitCode = faults === 0 ? 0 : 1;
