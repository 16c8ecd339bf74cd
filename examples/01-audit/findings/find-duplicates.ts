import type { PackageFacts } from "../package/package-facts.ts";
import { compareVersions } from "../package/version-range.ts";

/** A package that is installed in more than one place. */
export interface Duplicate {
  readonly name: string;
  /** Newest first; each with its places, sorted. */
  readonly versions: readonly { readonly version: string; readonly paths: readonly string[]; readonly bytes: number }[];
  /** What one copy, the newest, would save. */
  readonly extraBytes: number;
  readonly dev: boolean;
  readonly requiredBy: readonly string[];
}

/** Packages on disk more than once, by name. `bytes` counts every copy. */
export function findDuplicates(packages: readonly PackageFacts[]): readonly Duplicate[] {
  const byName = Map.groupBy(
    packages.filter(({ measure }) => measure !== null),
    ({ name }) => name,
  );
  return [...byName]
    .filter(([, places]) => places.length > 1)
    .map(([name, places]) => describeDuplicate(name, places))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function describeDuplicate(name: string, places: readonly PackageFacts[]): Duplicate {
  const bytesOf = (facts: PackageFacts): number => facts.measure?.bytes ?? 0;
  const versions = [...Map.groupBy(places, versionOnDisk)]
    .map(([version, copies]) => ({
      version,
      paths: copies.map(({ path }) => path).sort(),
      bytes: copies.reduce((sum, copy) => sum + bytesOf(copy), 0),
    }))
    .sort((a, b) => compareVersions(b.version, a.version));
  const newest = versions[0];
  const all = versions.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    name,
    versions,
    extraBytes: newest === undefined ? 0 : all - newest.bytes / newest.paths.length,
    dev: places.every(({ dev }) => dev),
    requiredBy: [...new Set(places.flatMap(({ requiredBy }) => requiredBy))].sort(),
  };
}

const versionOnDisk = ({ installedVersion, version }: PackageFacts): string => installedVersion ?? version;
