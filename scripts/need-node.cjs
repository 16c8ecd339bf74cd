// Preloaded by every npm script that runs our TypeScript: says which Node is needed before any of it is read.
// Plain old JavaScript on purpose (no node: specifier), so that any Node can say it.
const fs = require("fs");
const path = require("path");

const needed = 24;

function advice() {
  const root = path.join(__dirname, "..");
  const bundled = path.join(root, "node_modules", `node-${process.platform}-${process.arch}`);
  if (fs.existsSync(bundled)) {
    return "`node scripts/link-node.cjs` puts the one that npm installed first on the path of npm scripts (npm ci does it itself unless scripts are off).";
  }
  if (process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64")) {
    return "run `npm ci` (with optional dependencies), which installs it into this clone.";
  }
  return `npm cannot install it on ${process.platform} ${process.arch}: get it from your system or nodejs.org, then run the command again.`;
}

if (Number(process.versions.node.split(".")[0]) < needed) {
  process.stderr.write(
    `This repository needs Node ${needed} or newer, and this is Node ${process.versions.node} (${process.execPath}): ${advice()}\n`,
  );
  process.exit(2);
}
