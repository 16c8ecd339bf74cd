import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import type { BuiltPackage } from "./build-packages.ts";

/** What publint and "are the types wrong" say against a package; empty when nothing. */
export async function lintPackage(root: string, built: BuiltPackage): Promise<string[]> {
  const manifest = JSON.parse(readFileSync(join(built.folder, "package.json"), "utf8")) as Record<string, unknown>;
  const { messages } = await publint({ pkgDir: built.folder, level: "suggestion", strict: true, pack: false });
  const faults = messages.map((message) => `publint: ${formatMessage(message, manifest) ?? message.code}`);
  const types = spawnSync(
    join(root, "node_modules", ".bin", "attw"),
    [built.tarball, "--profile", "esm-only", "--no-emoji", "--format", "ascii"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  if (types.status !== 0) faults.push(`are the types wrong: ${(types.stdout + types.stderr).trim()}`);
  return faults;
}
