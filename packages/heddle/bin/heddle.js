#!/usr/bin/env node
// Plain JavaScript on purpose: it must start on any Node to say which Node it needs.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  process.stderr.write(
    `heddle needs Node 24 or newer, and this is Node ${process.versions.node} (${process.execPath}): install Node 24, then run the command again.\n`,
  );
  process.exit(2);
}
const { existsSync } = await import("node:fs");
const built = new URL("../dist/cli/main.js", import.meta.url);
const source = new URL("../src/cli/main.ts", import.meta.url);
await import((existsSync(source) ? source : built).href);
