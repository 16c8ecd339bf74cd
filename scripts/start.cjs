// `npm start`: the main job. The same as `npx heddle run examples/01-audit/audit.ts`, with everything after `--` behind it.
require("./need-node.cjs");
const { randomBytes } = require("crypto");
const path = require("path");
const { pathToFileURL } = require("url");
const { forgetEndedRun, keepRun } = require("./kept-run.cjs");

const root = path.join(__dirname, "..");
process.chdir(root);
const given = process.argv.slice(2);
const args = ["run", path.join("examples", "01-audit", "audit.ts"), ...given];
if (!given.some((argument) => /^(--id|--help|-h)\b/.test(argument))) {
  const file = path.join(".heddle", "npm-start.json");
  args.push(
    "--id",
    keepRun(file, given, () => `audit-${randomBytes(3).toString("hex")}`),
  );
  process.on("exit", (code) => forgetEndedRun(file, code));
}
const bin = path.join(root, "packages", "heddle", "bin", "heddle.js");
process.argv = [process.execPath, bin, ...args];
void import(pathToFileURL(bin).href);
