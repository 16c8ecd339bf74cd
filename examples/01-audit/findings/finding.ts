/** Kinds of findings about packages. A policy says for each what it means. */
export const findingKinds = [
  "licence",
  "licence-unknown",
  "licence-unreadable",
  "licence-differs",
  "licence-text-missing",
  "further-licence-texts",
  "install-script",
  "native-binary",
  "engines",
  "deprecated",
  "no-integrity",
  "not-registry",
  "other-version",
  "unreadable",
  "missing",
  "duplicate",
  "large-package",
  "large-project",
  "exception-expired",
  "exception-unused",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Something worth saying about a package, or about the project as a whole. Not yet judged. */
export interface Finding {
  /** Stable over runs: kind, package, version and what it is about. */
  readonly id: string;
  readonly kind: FindingKind;
  /** Null: about the project. */
  readonly package: string | null;
  readonly version: string | null;
  /** The licence expression, where it is about one. */
  readonly licence: string | null;
  /** Installed places that it is about, sorted. */
  readonly paths: readonly string[];
  /** Only development needs any of them. */
  readonly dev: boolean;
  readonly requiredBy: readonly string[];
  /** A short sentence, without the package's name. */
  readonly title: string;
  /** Facts behind it, one per line. */
  readonly details: readonly string[];
  /** What to do about it. */
  readonly advice: string;
}
