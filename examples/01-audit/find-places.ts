import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { HeddleError } from "heddle";
import type { AuditInput } from "./audit-input.ts";

/** Where things are, and what machine this is. Recorded once: a run that goes on elsewhere still means the same places. */
export interface Places {
  /** Absolute, as all of them. */
  readonly project: string;
  readonly policy: string;
  readonly out: string;
  readonly node: string;
  readonly platform: string;
}

/** Resolve the input's paths against the current folder. @throws HeddleError `FILE_UNKNOWN` when no project is given and none is found */
export function findPlaces({ project, policy, out }: AuditInput): Places {
  return {
    project: project === undefined ? nearestProject(import.meta.dirname) : resolve(project),
    policy: policy === undefined ? join(import.meta.dirname, "default-policy.json") : resolve(policy),
    out: resolve(out ?? "audit-report"),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

function nearestProject(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package-lock.json"))) return folder;
    if (folder === dirname(folder)) {
      const message = `No folder above ${from} has a package-lock.json: give a project, as in --input '{"project":"../my-app"}'.`;
      throw new HeddleError("FILE_UNKNOWN", message, { data: { from } });
    }
  }
}
