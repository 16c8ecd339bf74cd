import type { FindingKind } from "../findings/finding.ts";

/** What a kind of finding is called in the report: for a group, and short for a table cell. */
export const kindLabels: Readonly<Record<FindingKind, { readonly group: string; readonly short: string }>> = {
  licence: { group: "Licences that the policy does not simply allow", short: "licence" },
  "licence-unknown": { group: "Packages without any licence", short: "no licence" },
  "licence-unreadable": { group: "Licences not written as SPDX does", short: "licence spelling" },
  "licence-differs": { group: "Declared licence and licence text differ", short: "licence differs" },
  "licence-text-missing": { group: "Packages without their licence's text", short: "no licence text" },
  "further-licence-texts": { group: "Packages that contain work under further licences", short: "further licences" },
  "install-script": { group: "Packages that run scripts when they are installed", short: "install script" },
  "native-binary": { group: "Packages with machine code", short: "native" },
  engines: { group: "Packages for another version of Node", short: "engines" },
  deprecated: { group: "Deprecated packages", short: "deprecated" },
  "no-integrity": { group: "Packages without a checksum", short: "no checksum" },
  "not-registry": { group: "Packages from outside a registry", short: "not from a registry" },
  "other-version": { group: "Installed versions that the lockfile does not name", short: "other version" },
  unreadable: { group: "Packages that could not be read", short: "unreadable" },
  missing: { group: "Packages that are not installed", short: "missing" },
  duplicate: { group: "Packages installed more than once", short: "duplicate" },
  "large-package": { group: "Large packages", short: "large" },
  "large-project": { group: "Size of the whole", short: "large" },
  "exception-expired": { group: "Exceptions that are over", short: "exception over" },
  "exception-unused": { group: "Exceptions that cover nothing", short: "exception unused" },
};
