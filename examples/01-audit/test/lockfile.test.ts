import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { hasCode } from "heddle";
import { parseLockfile, type LockedPackage } from "../lockfile/parse-lockfile.ts";
import { readLockfile } from "../lockfile/read-lockfile.ts";
import { fixtureLockfile } from "./fixture-project.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const lockfileOf = (packages: Readonly<Record<string, unknown>>, more: object = {}) =>
  parseLockfile(JSON.stringify({ name: "p", lockfileVersion: 3, packages: { "": {}, ...packages }, ...more }), "package-lock.json");

function only(entry: object, path = "node_modules/a"): LockedPackage {
  const [found, ...others] = lockfileOf({ [path]: { version: "1.0.0", ...entry } }).packages;
  assert.ok(found !== undefined && others.length === 0);
  return found;
}

describe("parseLockfile", () => {
  test("gives every installed place, and the project's own packages apart", () => {
    const lockfile = parseLockfile(JSON.stringify(fixtureLockfile()), "package-lock.json");

    assert.deepEqual([lockfile.name, lockfile.version, lockfile.lockfileVersion], ["fixture-project", "1.2.3", 3]);
    assert.deepEqual(lockfile.own, ["packages/own-part"]);
    assert.equal(lockfile.packages.length, 11);
    assert.deepEqual(
      lockfile.packages.map(({ path }) => path),
      lockfile.packages.map(({ path }) => path).toSorted(),
    );
  });

  test("names a nested and a scoped package by its last folder", () => {
    assert.equal(only({}, "node_modules/a/node_modules/@scope/b").name, "@scope/b");
    assert.equal(only({}, "packages/x/node_modules/c").name, "c");
  });

  test("an alias keeps both names", () => {
    const { name, alias } = only({ name: "string-width" }, "node_modules/string-width-cjs");

    assert.deepEqual([name, alias], ["string-width", "string-width-cjs"]);
  });

  test("needed by development and by an optional dependency is not development only", () => {
    assert.deepEqual([only({ devOptional: true }).dev, only({ devOptional: true }).optional], [false, true]);
    assert.deepEqual([only({ dev: true }).dev, only({ dev: true }).optional], [true, false]);
  });

  const sources: readonly (readonly [resolved: string | undefined, integrity: string | undefined, source: string])[] = [
    ["https://registry.npmjs.org/a/-/a-1.0.0.tgz", "sha512-x", "registry"],
    ["http://mirror.example.test/npm/@s/a/-/a-1.0.0.tgz", "sha512-x", "registry"],
    ["https://npm.pkg.github.com/download/@s/a/1.0.0/0123", "sha512-x", "registry"],
    [undefined, "sha512-x", "registry"],
    ["git+ssh://git@github.com/o/a.git#0123", undefined, "git"],
    ["https://example.test/a.tgz", "sha512-x", "url"],
    ["file:vendor/a.tgz", "sha512-x", "file"],
    [undefined, undefined, "unknown"],
  ];
  for (const [resolved, integrity, source] of sources) {
    test(`${resolved ?? "no address"} with ${integrity ?? "no checksum"} is from: ${source}`, () => {
      assert.equal(only({ resolved, integrity }).source, source);
    });
  }

  test("who requires a package is found as Node finds it: the nearest folder upward", () => {
    const { packages } = lockfileOf({
      "": { dependencies: { a: "*" }, devDependencies: { b: "*" } },
      "packages/own": { name: "own", version: "1.0.0", devDependencies: { b: "*" } },
      "node_modules/a": { version: "1.0.0", dependencies: { b: "1" }, devDependencies: { a: "*" } },
      "node_modules/a/node_modules/b": { version: "1.0.0" },
      "node_modules/b": { version: "2.0.0", peerDependencies: { a: "*", absent: "*" } },
    });

    const requiredBy = Object.fromEntries(packages.map((found) => [found.path, found.requiredBy]));
    assert.deepEqual(requiredBy, { "node_modules/a": ["b", "p"], "node_modules/a/node_modules/b": ["a"], "node_modules/b": ["own", "p"] });
  });

  test("fields of the wrong kind are as good as missing", () => {
    const odd = only({ engines: "node", os: 3, license: { type: "MIT" }, deprecated: false, integrity: 7 });

    assert.deepEqual([odd.engines, odd.os, odd.license, odd.deprecated, odd.integrity], [null, [], null, null, false]);
  });

  const faults: readonly (readonly [name: string, json: string, code: "JSON_INVALID" | "INPUT_INVALID", says: RegExp])[] = [
    ["no JSON", '{ "lockfileVersion": 3,, }', "JSON_INVALID", /package-lock\.json is not JSON \(.*position.*npm install/],
    ["an old version", '{ "lockfileVersion": 1, "dependencies": {} }', "INPUT_INVALID", /lockfileVersion 1.*reads 2 and 3/],
    ["other JSON", '{ "name": "x" }', "INPUT_INVALID", /no lockfileVersion/],
    ["a list", "[]", "INPUT_INVALID", /no lockfileVersion/],
    ["a damaged entry", '{ "lockfileVersion": 3, "packages": { "node_modules/a": 1 } }', "INPUT_INVALID", /packages\["node_modules\/a"\]/],
  ];
  for (const [name, json, code, says] of faults) {
    test(`${name} is refused with ${code}`, () => {
      assert.throws(
        () => parseLockfile(json, "package-lock.json"),
        (error: Error) => hasCode(error, code) && says.test(error.message),
      );
    });
  }
});

describe("readLockfile", () => {
  test("a shrinkwrap wins over a package-lock, as it does for npm", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "package-lock.json"), "broken");
    await writeFile(join(folder.path, "npm-shrinkwrap.json"), '{ "name": "s", "lockfileVersion": 3, "packages": {} }');

    const { file, root, sha256 } = await readLockfile(folder.path);
    assert.deepEqual([file, root, sha256.length], ["npm-shrinkwrap.json", folder.path, 64]);
  });

  test("the lockfile itself may be named, with the mark that some editors put first", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "package-lock.json");
    await writeFile(path, '\uFEFF{ "name": "s", "lockfileVersion": 2, "packages": {} }');

    assert.equal((await readLockfile(path)).root, folder.path);
  });

  test("a folder without one is refused, and other lockfiles are named", async () => {
    await using folder = await temporaryFolder();
    const refusal = (says: RegExp) => (error: Error) => hasCode(error, "FILE_UNKNOWN") && says.test(error.message);

    await assert.rejects(readLockfile(folder.path), refusal(/npm install/));
    await writeFile(join(folder.path, "yarn.lock"), "");
    await assert.rejects(readLockfile(folder.path), refusal(/yarn\.lock/));
    await assert.rejects(readLockfile(join(folder.path, "nowhere")), refusal(/There is no .*nowhere/));
  });
});
