// Puts Node 24 first on the PATH of every npm script and of npx in this clone. npm 10 installs the platform
// package of an optional dependency without linking its bin, so the clone links the binary itself; the
// other versions of npm get the same link. Does nothing where no such package is installed.
const childProcess = require("child_process");
const fs = require("fs");
const path = require("path");

const modules = path.join(__dirname, "..", "node_modules");
const binary = path.join(modules, `node-${process.platform}-${process.arch}`, "bin", "node");
const link = path.join(modules, ".bin", "node");

if (fs.existsSync(binary) && process.platform !== "win32") {
  // It is built for glibc: where it does not start (Alpine), no link is better than a broken `node` in every script.
  if (childProcess.spawnSync(binary, ["--version"], { stdio: "ignore" }).status === 0) {
    const made = `${link}-${process.pid}`;
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.symlinkSync(path.relative(path.dirname(link), binary), made);
    // In one step, so that a script which runs at this moment does not find it missing.
    fs.renameSync(made, link);
  } else {
    fs.rmSync(link, { force: true });
    process.stderr.write(`${binary} does not start on this system: install Node 24 or newer yourself, every script here uses it then.\n`);
  }
}
