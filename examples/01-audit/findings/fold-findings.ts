import type { PackageFacts } from "../package/package-facts.ts";
import { findDuplicates, type Duplicate } from "./find-duplicates.ts";
import { findingId, findInPackage } from "./find-in-package.ts";
import type { Finding } from "./finding.ts";
import { formatBytes } from "./format-bytes.ts";

export interface FoldFindingsOptions {
  readonly packageBytes: number;
  readonly totalBytes: number;
  /** Version that `engines` was held against. */
  readonly node: string;
}

export interface FoldedFindings {
  /** By id. One for each thing to say of a package version, however many copies there are. */
  readonly findings: readonly Finding[];
  readonly duplicates: readonly Duplicate[];
}

/** From what each step found to what there is to say. Pure, and the same for every order of `packages`. */
export function foldFindings(packages: readonly PackageFacts[], options: FoldFindingsOptions): FoldedFindings {
  const duplicates = findDuplicates(packages);
  const all = [
    ...packages.flatMap((facts) => findInPackage(facts, options)),
    ...duplicates.map(duplicateFinding),
    ...findMissing(packages),
    ...findLargeProject(packages, options.totalBytes),
  ];
  const byId = Map.groupBy(all, ({ id }) => id);
  const findings = [...byId.values()].map(mergeCopies).sort((a, b) => (a.id < b.id ? -1 : 1));
  return { findings, duplicates };
}

/** Copies of one version in several places say the same, unless one was changed on disk: all details are kept. */
function mergeCopies(copies: readonly Finding[]): Finding {
  const sorted = copies.toSorted((a, b) => ((a.paths[0] ?? "") < (b.paths[0] ?? "") ? -1 : 1));
  const first = sorted[0];
  if (first === undefined) throw new RangeError("a group without members");
  return {
    ...first,
    paths: sorted.flatMap(({ paths }) => paths),
    dev: sorted.every(({ dev }) => dev),
    details: [...new Set(sorted.flatMap(({ details }) => details))],
    requiredBy: [...new Set(sorted.flatMap(({ requiredBy }) => requiredBy))].sort(),
  };
}

function duplicateFinding({ name, versions, extraBytes, dev, requiredBy }: Duplicate): Finding {
  const copies = versions.reduce((sum, { paths }) => sum + paths.length, 0);
  return {
    id: findingId("duplicate", name, "all", null),
    kind: "duplicate",
    package: name,
    version: versions.map(({ version }) => version).join(", "),
    licence: null,
    paths: versions.flatMap(({ paths }) => paths).sort(),
    dev,
    requiredBy,
    title: `It is installed ${copies} times${versions.length === 1 ? ", in one version" : `, in ${versions.length} versions`}`,
    details: [...versions.map(({ version, paths }) => `${version}: ${paths.join(", ")}`), `One copy would save ${formatBytes(extraBytes)}`],
    advice: "Run `npm dedupe`, or update those who require the older versions.",
  };
}

/** One finding for all: without `npm ci` every package is missing, and one command brings them all. */
function findMissing(packages: readonly PackageFacts[]): readonly Finding[] {
  const missing = packages.filter(({ presence }) => presence === "missing");
  if (missing.length === 0) return [];
  return [
    {
      ...projectFinding,
      id: "missing",
      kind: "missing",
      paths: missing.map(({ path }) => path).sort(),
      dev: missing.every(({ dev }) => dev),
      title: missing.length === 1 ? "A package is not installed" : `${missing.length} packages are not installed`,
      details: ["Of them only what the lockfile says is known"],
      advice: "Run `npm ci` in the project, then audit it again.",
    },
  ];
}

function findLargeProject(packages: readonly PackageFacts[], totalBytes: number): readonly Finding[] {
  const bytes = packages.reduce((sum, { measure }) => sum + (measure?.bytes ?? 0), 0);
  if (bytes <= totalBytes) return [];
  return [
    {
      ...projectFinding,
      id: "large-project",
      kind: "large-project",
      dev: false,
      title: `All packages together take ${formatBytes(bytes)}`,
      details: [`The policy's limit is ${formatBytes(totalBytes)}`],
      advice: "Start with the biggest packages below.",
    },
  ];
}

const projectFinding = { package: null, version: null, licence: null, paths: [], requiredBy: [], details: [] } as const;
