// `npm start`: the main job. The same as `npx heddle run examples/01-audit/audit.ts`, with everything after `--` behind it.
require("./need-node.cjs");
const path = require("path");
const { pathToFileURL } = require("url");

const root = path.join(__dirname, "..");
const bin = path.join(root, "packages", "heddle", "bin", "heddle.js");
process.argv = [process.execPath, bin, "run", path.join("examples", "01-audit", "audit.ts"), ...process.argv.slice(2)];
process.chdir(root);
void import(pathToFileURL(bin).href);
