#!/usr/bin/env node
// Plain old JavaScript on purpose (no top-level await, no node: specifier): it must start on any Node to say which Node it needs.
import { existsSync } from "fs";
import module from "module";

if (Number(process.versions.node.split(".")[0]) < 24) {
  process.stderr.write(
    `heddle needs Node 24 or newer, and this is Node ${process.versions.node} (${process.execPath}): install Node 24, then run the command again.\n`,
  );
  process.exit(2);
}
const built = new URL("../dist/main.js", import.meta.url);
const source = new URL("../src/cli/main.ts", import.meta.url);
// What was compiled once is kept: the second start of a command takes a quarter of the time.
if (module.enableCompileCache) module.enableCompileCache();
void import((existsSync(source) ? source : built).href);
