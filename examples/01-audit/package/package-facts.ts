import type { LockedPackage } from "../lockfile/parse-lockfile.ts";
import type { LicenceFacts } from "../licence/licence-facts.ts";
import type { InstallScript } from "./install-scripts.ts";
import type { PackageMeasure } from "./measure-package.ts";

/** Everything that one step finds out about one installed place. Plain data: it goes through the journal. */
export interface PackageFacts extends LockedPackage {
  readonly presence: /** It is there, in the locked version. */
    | "installed"
    /** It is there in another version. */
    | "other-version"
    /** It is optional and not for this machine, or could not be installed here. */
    | "left-out"
    /** It should be there and is not. */
    | "missing"
    /** It is there and cannot be read; see `fault`. */
    | "unreadable";
  /** Version on disk, where it is not the locked one. */
  readonly installedVersion: string | null;
  /** Why it cannot be read. */
  readonly fault: string | null;
  /** From the package on disk; from the lockfile for one that is not there. */
  readonly licence: LicenceFacts;
  readonly installScripts: readonly InstallScript[];
  /** Null for a package that is not there. */
  readonly measure: PackageMeasure | null;
  /** Whether this Node is in the range of `engines`; null: it asks for nothing readable. */
  readonly fitsNode: boolean | null;
}
