import { readDeclaredLicence } from "../licence/declared-licence.ts";
import { compareLicence } from "../licence/licence-facts.ts";
import type { PackageFacts } from "../package/package-facts.ts";

/** Facts of an installed package under MIT with nothing to remark, and what a test says is different about it. */
export function packageOf(name: string, different: Partial<PackageFacts> & { readonly bytes?: number } = {}): PackageFacts {
  const { bytes = 1_000, ...facts } = different;
  return {
    path: `node_modules/${name}`,
    name,
    alias: null,
    version: "1.0.0",
    dev: false,
    optional: false,
    source: "registry",
    bundled: false,
    integrity: true,
    engines: null,
    license: "MIT",
    hasInstallScript: false,
    deprecated: null,
    os: [],
    cpu: [],
    libc: [],
    requiredBy: ["p"],
    presence: "installed",
    installedVersion: null,
    fault: null,
    licence: licenceOf("MIT", "MIT"),
    installScripts: [],
    measure: { bytes, files: 1, native: [], nativeCount: 0 },
    fitsNode: null,
    ...facts,
  };
}

/** Licence facts of a declaration and one file with these texts. */
export function licenceOf(declared: unknown, ...texts: readonly string[]): PackageFacts["licence"] {
  return compareLicence(readDeclaredLicence(declared), texts.length === 0 ? [] : [{ file: "LICENSE", ids: texts }]);
}
