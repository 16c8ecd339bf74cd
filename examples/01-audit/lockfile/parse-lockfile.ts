import { HeddleError } from "heddle";
import { findRequirers } from "./find-requirers.ts";

/** What the lockfile says of one installed place. Plain data: it goes through the journal. */
export interface LockedPackage {
  /** Where npm puts it, relative to the project, with `/`: unique in the lockfile. */
  readonly path: string;
  readonly name: string;
  /** The name it is imported by, where that is another one (`npm:` aliases). */
  readonly alias: string | null;
  readonly version: string;
  /** Only development needs it. */
  readonly dev: boolean;
  /** The install goes on without it. */
  readonly optional: boolean;
  readonly source: PackageSource;
  /** Part of another package's archive: it has no address and no checksum of its own. */
  readonly bundled: boolean;
  /** The lockfile holds a checksum of it. */
  readonly integrity: boolean;
  /** Range of Node versions that it asks for. */
  readonly engines: string | null;
  /** Licence as the lockfile repeats it from package.json. */
  readonly license: string | null;
  readonly hasInstallScript: boolean;
  /** What its author says to those who still use it. */
  readonly deprecated: string | null;
  /** Platforms that it is for; empty for all. */
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: readonly string[];
  /** Names of the packages that ask for it, the project's own ones included; the first ten. */
  readonly requiredBy: readonly string[];
}

/** Where npm takes it from. */
export type PackageSource = "registry" | "git" | "url" | "file" | "unknown";

export interface Lockfile {
  readonly name: string;
  readonly version: string | null;
  readonly lockfileVersion: number;
  /** By path, in code point order. */
  readonly packages: readonly LockedPackage[];
  /** Paths of the project's own packages: workspaces and linked folders. They are its code, not its dependencies. */
  readonly own: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const texts = (value: unknown): readonly string[] =>
  typeof value === "string" ? [value] : Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

/**
 * Read the text of a package-lock.json of version 2 or 3.
 *
 * @param path for messages only
 * @throws HeddleError `JSON_INVALID` (with the parser's position), `INPUT_INVALID` (older versions, other JSON)
 */
export function parseLockfile(json: string, path: string): Lockfile {
  let lock: unknown;
  try {
    lock = JSON.parse(json.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HeddleError("JSON_INVALID", `${path} is not JSON (${reason}): run \`npm install\` to write it anew.`, {
      cause,
      data: { path },
    });
  }
  if (!isFields(lock) || typeof lock.lockfileVersion !== "number") {
    throw new HeddleError("INPUT_INVALID", `${path} is no npm lockfile: it has no lockfileVersion. Give the folder of an npm project.`, {
      data: { path },
    });
  }
  const { lockfileVersion } = lock;
  if (!isFields(lock.packages)) {
    const message = `${path} has lockfileVersion ${lockfileVersion}, and this audit reads 2 and 3: run \`npm install --package-lock-only\` with npm 7 or newer.`;
    throw new HeddleError("INPUT_INVALID", message, { data: { path, lockfileVersion } });
  }

  const requirers = findRequirers(lock.packages, text(lock.name) ?? "this project");
  const packages: LockedPackage[] = [];
  const own: string[] = [];
  for (const [place, entry] of Object.entries(lock.packages)) {
    if (place === "") continue;
    if (!isFields(entry))
      throw new HeddleError("INPUT_INVALID", `${path} is damaged: packages[${JSON.stringify(place)}] is no object. Run \`npm install\`.`, {
        data: { path, place },
      });
    // A link is a second name of a folder that has an entry of its own.
    if (entry.link === true) continue;
    const installedAs = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place)?.[1];
    if (installedAs === undefined) own.push(place);
    else packages.push({ ...lockedPackage(place, installedAs, entry), requiredBy: (requirers.get(place) ?? []).slice(0, 10) });
  }
  packages.sort((a, b) => (a.path < b.path ? -1 : 1));
  own.sort();
  const root = isFields(lock.packages[""]) ? lock.packages[""] : {};
  return {
    name: text(lock.name) ?? text(root.name) ?? "(unnamed)",
    version: text(lock.version) ?? text(root.version),
    lockfileVersion,
    packages,
    own,
  };
}

function lockedPackage(path: string, installedAs: string, entry: Fields): Omit<LockedPackage, "requiredBy"> {
  const name = text(entry.name) ?? installedAs;
  // devOptional: development needs it, and so does an optional dependency. An install for production may still hold it.
  const devOptional = entry.devOptional === true;
  return {
    path,
    name,
    alias: name === installedAs ? null : installedAs,
    version: text(entry.version) ?? "",
    dev: entry.dev === true,
    optional: entry.optional === true || devOptional,
    source: sourceOf(text(entry.resolved), text(entry.integrity)),
    bundled: entry.inBundle === true,
    integrity: text(entry.integrity) !== null,
    engines: isFields(entry.engines) ? text(entry.engines.node) : null,
    license: text(entry.license),
    hasInstallScript: entry.hasInstallScript === true,
    deprecated: text(entry.deprecated),
    os: texts(entry.os),
    cpu: texts(entry.cpu),
    libc: texts(entry.libc),
  };
}

/**
 * A registry address ends in `/-/name-version.tgz`, on npm's registry and on the mirrors of it: the host says nothing,
 * for npm replaces it by the configured one. Lockfiles may leave registry addresses out and keep the checksums.
 */
function sourceOf(resolved: string | null, integrity: string | null): PackageSource {
  if (resolved === null) return integrity === null ? "unknown" : "registry";
  if (/^git(\+|:)|^github:|\.git(#|$)/.test(resolved)) return "git";
  if (resolved.startsWith("file:")) return "file";
  if (!/^https?:/.test(resolved)) return "unknown";
  return /\/-\/[^/]+\.tgz(?:[?#]|$)/.test(resolved) || resolved.startsWith("https://npm.pkg.github.com/") ? "registry" : "url";
}
