// Puts Node 24 first on the PATH of every npm script and of npx in this clone: npm 10 installs the
// platform package of an optional dependency without linking its bin, and npm 12 runs no install script
// of a dependency, so the clone links the binary itself. Does nothing where no such package is installed.
const fs = require("node:fs");
const path = require("node:path");

const modules = path.join(__dirname, "..", "node_modules");
const binary = path.join(modules, `node-${process.platform}-${process.arch}`, "bin", "node");
const link = path.join(modules, ".bin", "node");
if (fs.existsSync(binary) && process.platform !== "win32") {
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.relative(path.dirname(link), binary), link);
}
