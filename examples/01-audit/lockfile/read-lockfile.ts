import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { HeddleError } from "heddle";
import { parseLockfile, type Lockfile } from "./parse-lockfile.ts";

/** A lockfile as found on disk. */
export interface LockfileOnDisk extends Lockfile {
  /** The project's folder, absolute. */
  readonly root: string;
  /** `package-lock.json` or `npm-shrinkwrap.json`. */
  readonly file: string;
  /** SHA-256 of the file's bytes, in hex: what was audited, whatever the project is called. */
  readonly sha256: string;
}

/** In npm's order: a shrinkwrap wins. */
const lockfileNames = ["npm-shrinkwrap.json", "package-lock.json"] as const;

/** Lockfiles of other package managers, to say what was found instead. */
const otherLockfiles = ["yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "deno.lock"];

/**
 * Read the lockfile of a project.
 *
 * @param project folder of the project, or the lockfile itself; absolute
 * @throws HeddleError `FILE_UNKNOWN` when there is none, `JSON_INVALID` when it does not parse,
 *   `INPUT_INVALID` when it is no npm lockfile of version 2 or 3
 */
export async function readLockfile(project: string): Promise<LockfileOnDisk> {
  const path = await findLockfile(project);
  const bytes = await readFile(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { root: dirname(path), file: basename(path), sha256, ...parseLockfile(bytes.toString("utf8"), path) };
}

async function findLockfile(project: string): Promise<string> {
  const found = await stat(project).catch(() => undefined);
  if (found === undefined) {
    throw new HeddleError("FILE_UNKNOWN", `There is no ${project}: give the folder of a project that has a package-lock.json.`, {
      data: { path: project },
    });
  }
  if (found.isFile()) return project;

  const names = await readdir(project);
  const name = lockfileNames.find((candidate) => names.includes(candidate));
  if (name !== undefined) return join(project, name);
  const other = names.find((candidate) => otherLockfiles.includes(candidate));
  const hint =
    other === undefined
      ? "run `npm install` there, or give another folder"
      : `it has ${other}, but this audit reads npm's lockfiles only; \`npm install --package-lock-only\` in a copy makes one`;
  throw new HeddleError("FILE_UNKNOWN", `There is no package-lock.json in ${project}: ${hint}.`, { data: { path: project, other } });
}
