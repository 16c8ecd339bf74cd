import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { classifyLicenceText } from "../licence/classify-text.ts";
import { readDeclaredLicence } from "../licence/declared-licence.ts";
import { compareLicence, type LicenceFile } from "../licence/licence-facts.ts";
import type { LockedPackage } from "../lockfile/parse-lockfile.ts";
import { installScriptsOf } from "./install-scripts.ts";
import { measurePackage } from "./measure-package.ts";
import type { PackageFacts } from "./package-facts.ts";
import { fitsRange } from "./version-range.ts";

export interface InspectPackageOptions {
  /** Version of Node that `engines` is held against. */
  readonly node: string;
  readonly signal?: AbortSignal;
}

/** `LICENSE`, `licence.md`, `COPYING.LESSER`, `LICENSE-MIT`, `ROME-LICENSE-MIT`, but no `license.js`. */
const licenceFileName = /^(?:[\w.-]*[-_.])?(?:licen[cs]es?|copying|unlicense)(?:[-_.][\w.-]*)?$/i;
const codeFileName = /\.(?:[cm]?[jt]sx?|json|map|html?|css|svg|png)$/i;

/** Longer files are read to here; no licence text is longer, collections of them may be. */
const licenceBytes = 1 << 20;
const licenceFiles = 12;

/**
 * Look at one installed package. Reads only. A package that cannot be read is a finding, not an error:
 * one broken folder must not hide what the others have to say.
 *
 * @param root folder of the project, absolute
 * @throws the signal's reason when it is aborted
 */
export async function inspectPackage(root: string, locked: LockedPackage, options: InspectPackageOptions): Promise<PackageFacts> {
  try {
    return await inspectFolder(join(root, locked.path), locked, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (isNotThere(error)) return { ...fromLockfile(locked, options.node), presence: locked.optional ? "left-out" : "missing" };
    const fault = error instanceof Error ? error.message.replaceAll(`${root}/`, "") : String(error);
    return { ...fromLockfile(locked, options.node), presence: "unreadable", fault };
  }
}

async function inspectFolder(folder: string, locked: LockedPackage, { node, signal }: InspectPackageOptions): Promise<PackageFacts> {
  const manifest = parseManifest(await readFile(join(folder, "package.json"), "utf8"));
  const names = await readdir(folder);
  const files = await readLicenceFiles(folder, names);
  const installedVersion = typeof manifest.version === "string" ? manifest.version : "";
  const fitting = locked.engines === null ? undefined : fitsRange(node, locked.engines);
  return {
    ...locked,
    presence: installedVersion === locked.version || locked.version === "" ? "installed" : "other-version",
    installedVersion: installedVersion === locked.version ? null : installedVersion,
    fault: null,
    licence: compareLicence(readDeclaredLicence(manifest.license, manifest.licenses), files),
    installScripts: installScriptsOf(manifest, names.includes("binding.gyp")),
    measure: await measurePackage(folder, signal),
    fitsNode: fitting ?? null,
  };
}

/** What is known of a package that is not on disk. */
function fromLockfile(locked: LockedPackage, node: string): Omit<PackageFacts, "presence"> {
  const fitting = locked.engines === null ? undefined : fitsRange(node, locked.engines);
  return {
    ...locked,
    installedVersion: null,
    fault: null,
    licence: compareLicence(readDeclaredLicence(locked.license), []),
    installScripts: locked.hasInstallScript ? [{ event: "install", command: "(not on disk; the lockfile says that there is one)" }] : [],
    measure: null,
    fitsNode: fitting ?? null,
  };
}

function parseManifest(json: string): Readonly<Record<string, unknown>> {
  const manifest: unknown = JSON.parse(json.replace(/^\uFEFF/, ""));
  if (typeof manifest !== "object" || manifest === null) throw new Error("package.json holds no object");
  return { ...manifest };
}

async function readLicenceFiles(folder: string, names: readonly string[]): Promise<readonly LicenceFile[]> {
  const candidates = names.filter((name) => licenceFileName.test(name) && !codeFileName.test(name)).sort();
  const found: LicenceFile[] = [];
  for (const file of candidates.slice(0, licenceFiles)) {
    const bytes = await readFile(join(folder, file)).catch((error: unknown) => {
      // A folder called `licenses`.
      if (codeOf(error) === "EISDIR") return undefined;
      throw error;
    });
    if (bytes !== undefined) found.push({ file, ids: classifyLicenceText(bytes.toString("utf8", 0, licenceBytes)) });
  }
  return found;
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
const isNotThere = (error: unknown): boolean => codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
