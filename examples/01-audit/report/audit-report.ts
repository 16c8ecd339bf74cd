import type { Duplicate } from "../findings/find-duplicates.ts";
import type { Lockfile } from "../lockfile/parse-lockfile.ts";
import type { PackageFacts } from "../package/package-facts.ts";
import type { JudgedFinding } from "../policy/judge-findings.ts";
import { byStrictness, stricter, type Verdict } from "../policy/verdict.ts";

/**
 * The report, as audit.json holds it. Stable: fields are only added, and `format` counts up when one changes or goes.
 * Lists are sorted and nothing depends on when or where it was made but `date`, `node`, `platform` and the decisions'
 * times: the same findings give the same bytes. Sizes are in bytes.
 */
export interface AuditReport {
  readonly format: "heddle-audit/1";
  readonly verdict: AuditVerdict;
  readonly project: { readonly name: string; readonly version: string | null };
  /** `sha256` of the lockfile's bytes, in hex. */
  readonly lockfile: { readonly file: string; readonly lockfileVersion: number; readonly sha256: string };
  readonly policy: { readonly name: string; readonly sha256: string };
  /** Day of the audit, `YYYY-MM-DD` in UTC. Exceptions are held against it. */
  readonly date: string;
  /** Version of Node that `engines` was held against. */
  readonly node: string;
  /** Machine that the tree was installed on, such as `linux-x64`: it decides which optional packages are there. */
  readonly platform: string;
  readonly totals: AuditTotals;
  /** Most packages first. */
  readonly licences: readonly LicenceCount[];
  /** Strictest first, then by id. No verdict is `ask`: people's answers are worked in. */
  readonly findings: readonly JudgedFinding[];
  /** By path. */
  readonly packages: readonly PackageRow[];
  /** By name. */
  readonly duplicates: readonly Duplicate[];
}

/** `fail`: something is forbidden, or a person refused it. */
export type AuditVerdict = "pass" | "pass-with-notes" | "fail";

export interface AuditTotals {
  /** Installed places that the lockfile names. */
  readonly packages: number;
  /** Of them, needed beyond development. */
  readonly production: number;
  readonly development: number;
  /** On disk. */
  readonly installed: number;
  /** Optional, and not for this machine. */
  readonly leftOut: number;
  readonly missing: number;
  readonly bytes: number;
  readonly files: number;
  readonly withInstallScripts: number;
  readonly withNativeBinaries: number;
  readonly forbidden: number;
  readonly notes: number;
  /** Findings that a person accepted; they are among the notes. */
  readonly accepted: number;
}

export interface LicenceCount {
  /** SPDX expression, or null for packages of which nothing is known. */
  readonly licence: string | null;
  readonly packages: number;
}

export interface PackageRow {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
  readonly optional: boolean;
  readonly presence: PackageFacts["presence"];
  readonly licence: string | null;
  readonly licenceFrom: PackageFacts["licence"]["expressionFrom"];
  readonly installScript: boolean;
  /** Files of machine code. */
  readonly nativeFiles: number;
  /** Null for a package that is not on disk. */
  readonly bytes: number | null;
  readonly files: number | null;
  /** The strictest of its findings' verdicts. */
  readonly verdict: Verdict;
  /** Ids of its findings. */
  readonly findings: readonly string[];
}

export interface AuditParts {
  readonly lockfile: Lockfile & { readonly file: string; readonly sha256: string };
  readonly policy: { readonly name: string; readonly sha256: string };
  readonly date: string;
  readonly node: string;
  readonly platform: string;
  readonly packages: readonly PackageFacts[];
  /** Settled: none is left to ask. */
  readonly findings: readonly JudgedFinding[];
  readonly duplicates: readonly Duplicate[];
}

/** Put the report together. Pure. */
export function buildReport({ lockfile, policy, date, node, platform, packages, findings, duplicates }: AuditParts): AuditReport {
  const sorted = findings.toSorted((a, b) => byStrictness(a.verdict, b.verdict) || (a.id < b.id ? -1 : 1));
  const totals = countTotals(packages, sorted);
  return {
    format: "heddle-audit/1",
    verdict: totals.forbidden > 0 ? "fail" : totals.notes > 0 ? "pass-with-notes" : "pass",
    project: { name: lockfile.name, version: lockfile.version },
    lockfile: { file: lockfile.file, lockfileVersion: lockfile.lockfileVersion, sha256: lockfile.sha256 },
    policy: { name: policy.name, sha256: policy.sha256 },
    date,
    node,
    platform,
    totals,
    licences: countLicences(packages),
    findings: sorted,
    packages: packageRows(packages, sorted),
    duplicates,
  };
}

function countTotals(packages: readonly PackageFacts[], findings: readonly JudgedFinding[]): AuditTotals {
  const count = <T>(items: readonly T[], test: (item: T) => boolean): number => items.filter(test).length;
  const sum = (of: (facts: PackageFacts) => number | undefined): number => packages.reduce((total, facts) => total + (of(facts) ?? 0), 0);
  const development = count(packages, ({ dev }) => dev);
  return {
    packages: packages.length,
    production: packages.length - development,
    development,
    installed: count(packages, ({ measure }) => measure !== null),
    leftOut: count(packages, ({ presence }) => presence === "left-out"),
    missing: count(packages, ({ presence }) => presence === "missing"),
    bytes: sum(({ measure }) => measure?.bytes),
    files: sum(({ measure }) => measure?.files),
    withInstallScripts: count(packages, ({ installScripts }) => installScripts.length > 0),
    withNativeBinaries: count(packages, ({ measure }) => measure !== null && measure.nativeCount > 0),
    forbidden: count(findings, ({ verdict }) => verdict === "forbidden"),
    notes: count(findings, ({ verdict }) => verdict === "note"),
    accepted: count(findings, ({ decision }) => decision?.approved === true),
  };
}

function countLicences(packages: readonly PackageFacts[]): readonly LicenceCount[] {
  const counts = [...Map.groupBy(packages, ({ licence }) => licence.expression)].map(([licence, members]) => ({
    licence,
    packages: members.length,
  }));
  return counts.sort((a, b) => b.packages - a.packages || ((a.licence ?? "") < (b.licence ?? "") ? -1 : 1));
}

function packageRows(packages: readonly PackageFacts[], findings: readonly JudgedFinding[]): readonly PackageRow[] {
  const byPath = new Map<string, JudgedFinding[]>();
  for (const finding of findings) {
    for (const path of finding.paths) {
      const there = byPath.get(path);
      if (there === undefined) byPath.set(path, [finding]);
      else there.push(finding);
    }
  }
  const rows = packages.map((facts): PackageRow => {
    const own = byPath.get(facts.path) ?? [];
    return {
      path: facts.path,
      name: facts.name,
      version: facts.version,
      dev: facts.dev,
      optional: facts.optional,
      presence: facts.presence,
      licence: facts.licence.expression,
      licenceFrom: facts.licence.expressionFrom,
      installScript: facts.installScripts.length > 0,
      nativeFiles: facts.measure?.nativeCount ?? 0,
      bytes: facts.measure?.bytes ?? null,
      files: facts.measure?.files ?? null,
      verdict: own.map(({ verdict }) => verdict).reduce(stricter, "ok"),
      findings: own.map(({ id }) => id),
    };
  });
  return rows.sort((a, b) => (a.path < b.path ? -1 : 1));
}
