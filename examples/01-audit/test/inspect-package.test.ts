import assert from "node:assert/strict";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseLockfile, type LockedPackage } from "../lockfile/parse-lockfile.ts";
import { inspectPackage } from "../package/inspect-package.ts";
import { installScriptsOf } from "../package/install-scripts.ts";
import { measurePackage } from "../package/measure-package.ts";
import { nativeFormatOf } from "../package/native-format.ts";
import { fixtureLockfile, writeFixtureProject } from "./fixture-project.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const node = "24.21.0";
const locked = new Map(parseLockfile(JSON.stringify(fixtureLockfile()), "package-lock.json").packages.map((entry) => [entry.path, entry]));

function lockedAt(path: string): LockedPackage {
  const found = locked.get(path);
  assert.ok(found !== undefined, path);
  return found;
}

describe("inspectPackage", () => {
  test("finds licence, scripts, size and machine code of an installed package", async () => {
    await using folder = await temporaryFolder();
    await writeFixtureProject(folder.path);

    const addon = await inspectPackage(folder.path, lockedAt("node_modules/@native/addon"), { node });
    assert.equal(addon.presence, "installed");
    assert.deepEqual([addon.licence.expression, addon.licence.agreement], ["Apache-2.0", "agrees"]);
    assert.deepEqual(addon.measure?.native, [{ file: "build/Release/addon.node", format: "ELF", bytes: 64 }]);
    assert.deepEqual([addon.measure?.files, addon.fitsNode], [3, true]);

    const scripted = await inspectPackage(folder.path, lockedAt("node_modules/scripted"), { node });
    assert.deepEqual(scripted.installScripts, [{ event: "postinstall", command: "node fetch-binary.js" }]);

    const old = await inspectPackage(folder.path, lockedAt("node_modules/old-thing"), { node });
    assert.equal(old.fitsNode, false);
  });

  test("an optional package that is not there is left out, another one is missing", async () => {
    await using folder = await temporaryFolder();
    await writeFixtureProject(folder.path);

    const windows = await inspectPackage(folder.path, lockedAt("node_modules/for-windows"), { node });
    assert.deepEqual([windows.presence, windows.licence.expression, windows.measure], ["left-out", "MIT", null]);
    const nowhere = await inspectPackage(join(folder.path, "packages"), lockedAt("node_modules/scripted"), { node });
    assert.deepEqual([nowhere.presence, nowhere.installScripts.length], ["missing", 1]);
  });

  test("another version on disk is seen", async () => {
    await using folder = await temporaryFolder();
    await writeFixtureProject(folder.path);
    await writeFile(join(folder.path, "node_modules/plain/package.json"), '{ "name": "plain", "version": "1.0.1", "license": "MIT" }');

    const plain = await inspectPackage(folder.path, lockedAt("node_modules/plain"), { node });
    assert.deepEqual([plain.presence, plain.installedVersion, plain.version], ["other-version", "1.0.1", "1.0.0"]);
  });

  test("a package.json that does not parse is a finding, not an error, and says nothing of this machine", async () => {
    await using folder = await temporaryFolder();
    await writeFixtureProject(folder.path);
    await writeFile(join(folder.path, "node_modules/plain/package.json"), "{");

    const plain = await inspectPackage(folder.path, lockedAt("node_modules/plain"), { node });
    assert.equal(plain.presence, "unreadable");
    assert.match(plain.fault ?? "", /JSON/);
    assert.equal(plain.fault?.includes(folder.path), false);
  });

  test("folders and code that are called like a licence are not read as one", async () => {
    await using folder = await temporaryFolder();
    await writeFixtureProject(folder.path);
    const silent = join(folder.path, "node_modules/silent");
    await mkdir(join(silent, "licenses"));
    await writeFile(join(silent, "license.js"), "MIT");
    await writeFile(join(silent, "unlicensed-words.md"), "MIT");

    const found = await inspectPackage(folder.path, lockedAt("node_modules/silent"), { node });
    assert.deepEqual([found.presence, found.licence.files], ["installed", []]);
  });

  test("an aborted step stops, and does not report the package as unreadable", async () => {
    await using folder = await temporaryFolder();
    await writeFixtureProject(folder.path);

    await assert.rejects(
      inspectPackage(folder.path, lockedAt("node_modules/plain"), { node, signal: AbortSignal.abort(new Error("stop")) }),
      /stop/,
    );
  });
});

describe("measurePackage", () => {
  test("leaves out packages inside it, and follows no links", async () => {
    await using folder = await temporaryFolder();
    const inside = join(folder.path, "package");
    await mkdir(join(inside, "node_modules/other"), { recursive: true });
    await mkdir(join(inside, "test/node_modules"), { recursive: true });
    await writeFile(join(inside, "index.js"), "12345");
    await writeFile(join(inside, "node_modules/other/index.js"), "1234567");
    await writeFile(join(inside, "test/node_modules/fixture.js"), "123");
    await writeFile(join(folder.path, "outside.js"), "1234567890");
    await symlink(join(folder.path, "outside.js"), join(inside, "link.js"));
    await symlink(folder.path, join(inside, "loop"));

    const { bytes, files } = await measurePackage(inside);
    assert.deepEqual([bytes, files], [8, 2]);
  });

  test("lists the first ten native files in order, and counts the others", async () => {
    await using folder = await temporaryFolder();
    for (const inside of ["a", "b", "c"]) {
      await mkdir(join(folder.path, inside));
      for (const name of ["1.so", "2.so", "3.so", "4.so"]) {
        await writeFile(join(folder.path, inside, name), Buffer.concat([Buffer.from("\x7fELF", "latin1"), Buffer.alloc(8)]));
      }
    }

    const { native, nativeCount } = await measurePackage(folder.path);
    assert.deepEqual([native.length, nativeCount], [10, 12]);
    assert.deepEqual([native.at(0)?.file, native.at(-1)?.file], ["a/1.so", "c/2.so"]);
  });

  test("native code is found by its first bytes, whatever the file is called", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "esbuild"), Buffer.concat([Buffer.from([0xcf, 0xfa, 0xed, 0xfe]), Buffer.alloc(60)]));
    await writeFile(join(folder.path, "addon.node"), "not really");
    await chmod(join(folder.path, "esbuild"), 0o755);

    assert.deepEqual((await measurePackage(folder.path)).native, [{ file: "esbuild", format: "Mach-O", bytes: 64 }]);
  });
});

describe("nativeFormatOf", () => {
  const head = (bytes: readonly number[], length = 512): Buffer => Buffer.concat([Buffer.from(bytes), Buffer.alloc(length - bytes.length)]);
  const pe = head([0x4d, 0x5a]);
  pe.writeUInt32LE(128, 60);
  pe.write("PE\0\0", 128, "latin1");

  test("knows ELF, both sorts of Mach-O, and PE by its second header", () => {
    assert.equal(nativeFormatOf(head([0x7f, 0x45, 0x4c, 0x46])), "ELF");
    assert.equal(nativeFormatOf(head([0xfe, 0xed, 0xfa, 0xcf])), "Mach-O");
    assert.equal(nativeFormatOf(head([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2])), "Mach-O");
    assert.equal(nativeFormatOf(pe), "PE");
  });

  test("a Java class, a text that begins with MZ and an empty file are none", () => {
    assert.equal(nativeFormatOf(head([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61])), undefined);
    assert.equal(nativeFormatOf(Buffer.from("MZ is how this text begins, and it goes on for more than sixty-four bytes.")), undefined);
    assert.equal(nativeFormatOf(Buffer.alloc(0)), undefined);
    assert.equal(nativeFormatOf(Buffer.from("\x7fELF", "latin1")), undefined);
  });
});

describe("installScriptsOf", () => {
  test("only what npm runs for a dependency counts, in its order", () => {
    const scripts = { prepare: "tsc", postinstall: "b", preinstall: "a", test: "c", install: " " };

    assert.deepEqual(installScriptsOf({ scripts }, false), [
      { event: "preinstall", command: "a" },
      { event: "postinstall", command: "b" },
    ]);
  });

  test("a binding.gyp is built, unless a script or the manifest says otherwise", () => {
    const build = [{ event: "install", command: "node-gyp rebuild" }];

    assert.deepEqual(installScriptsOf({}, true), build);
    assert.deepEqual(installScriptsOf({ gypfile: false }, true), []);
    assert.deepEqual(installScriptsOf({ scripts: { install: "true" } }, true), [{ event: "install", command: "true" }]);
  });
});
