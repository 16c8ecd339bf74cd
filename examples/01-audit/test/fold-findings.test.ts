import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findDuplicates } from "../findings/find-duplicates.ts";
import { foldFindings } from "../findings/fold-findings.ts";
import { formatBytes } from "../findings/format-bytes.ts";
import type { PackageFacts } from "../package/package-facts.ts";
import { licenceOf, packageOf } from "./package-of.ts";

const options = { packageBytes: 10_000, totalBytes: 100_000, node: "24.0.0" };
const fold = (...packages: readonly PackageFacts[]) => foldFindings(packages, options).findings;
const idsOf = (...packages: readonly PackageFacts[]): readonly string[] => fold(...packages).map(({ id }) => id);

describe("findDuplicates", () => {
  test("groups copies by name and version, newest version first", () => {
    const [chalk, ...others] = findDuplicates([
      packageOf("chalk", { version: "9.0.0", bytes: 300 }),
      packageOf("chalk", { version: "10.0.0", path: "node_modules/b/node_modules/chalk", bytes: 500, requiredBy: ["b"] }),
      packageOf("chalk", { version: "9.0.0", path: "node_modules/a/node_modules/chalk", bytes: 300, requiredBy: ["a"] }),
      packageOf("alone"),
    ]);

    assert.equal(others.length, 0);
    assert.deepEqual(chalk, {
      name: "chalk",
      versions: [
        { version: "10.0.0", paths: ["node_modules/b/node_modules/chalk"], bytes: 500 },
        { version: "9.0.0", paths: ["node_modules/a/node_modules/chalk", "node_modules/chalk"], bytes: 600 },
      ],
      extraBytes: 600,
      dev: false,
      requiredBy: ["a", "b", "p"],
    });
  });

  test("one copy of the newest version is what stays", () => {
    const [twice] = findDuplicates([
      packageOf("twice", { bytes: 400 }),
      packageOf("twice", { bytes: 400, path: "node_modules/x/node_modules/twice" }),
    ]);

    assert.equal(twice?.extraBytes, 400);
  });

  test("a copy that is not on disk is none", () => {
    assert.deepEqual(
      findDuplicates([packageOf("a"), packageOf("a", { path: "node_modules/x/node_modules/a", measure: null, presence: "left-out" })]),
      [],
    );
  });
});

describe("foldFindings", () => {
  test("a package in order has its licence for the policy to judge, and nothing else", () => {
    assert.deepEqual(idsOf(packageOf("a")), ["licence:a@1.0.0:MIT"]);
  });

  const cases: readonly (readonly [name: string, different: Partial<PackageFacts> & { bytes?: number }, ...ids: string[]])[] = [
    ["no licence anywhere", { licence: licenceOf(undefined) }, "licence-unknown:a@1.0.0"],
    ["a text but no declaration", { licence: licenceOf(undefined, "ISC") }, "licence:a@1.0.0:ISC"],
    ["a free-form name", { licence: licenceOf("Apache 2.0", "Apache-2.0") }, "licence-unreadable:a@1.0.0", "licence:a@1.0.0:Apache-2.0"],
    ["another text", { licence: licenceOf("MIT", "GPL-3.0") }, "licence-differs:a@1.0.0:MIT", "licence:a@1.0.0:MIT"],
    ["a further text", { licence: licenceOf("MIT", "MIT", "ISC") }, "further-licence-texts:a@1.0.0", "licence:a@1.0.0:MIT"],
    ["no text", { licence: licenceOf("MIT") }, "licence-text-missing:a@1.0.0", "licence:a@1.0.0:MIT"],
    ["no text, but not on disk either", { licence: licenceOf("MIT"), presence: "left-out", measure: null }, "licence:a@1.0.0:MIT"],
    ["a script", { installScripts: [{ event: "postinstall", command: "node x.js" }] }, "install-script:a@1.0.0", "licence:a@1.0.0:MIT"],
    [
      "machine code",
      { measure: { bytes: 1, files: 1, native: [{ file: "a.node", format: "ELF", bytes: 1 }], nativeCount: 1 } },
      "licence:a@1.0.0:MIT",
      "native-binary:a@1.0.0",
    ],
    ["git", { source: "git", integrity: false }, "licence:a@1.0.0:MIT", "not-registry:a@1.0.0"],
    ["no checksum", { integrity: false }, "licence:a@1.0.0:MIT", "no-integrity:a@1.0.0"],
    ["bundled in another", { integrity: false, source: "unknown", bundled: true }, "licence:a@1.0.0:MIT"],
    ["deprecation", { deprecated: "use b" }, "deprecated:a@1.0.0", "licence:a@1.0.0:MIT"],
    ["another version", { presence: "other-version", installedVersion: "1.0.1" }, "licence:a@1.0.0:MIT", "other-version:a@1.0.0"],
    ["trouble", { presence: "unreadable", fault: "x", measure: null }, "licence:a@1.0.0:MIT", "unreadable:a@1.0.0"],
    ["another Node", { engines: "<5", fitsNode: false }, "engines:a@1.0.0", "licence:a@1.0.0:MIT"],
    ["size", { bytes: 10_001 }, "large-package:a@1.0.0", "licence:a@1.0.0:MIT"],
    ["absence", { presence: "missing", measure: null }, "licence:a@1.0.0:MIT", "missing"],
  ];
  for (const [name, different, ...ids] of cases) {
    test(`finds ${name}`, () => assert.deepEqual(idsOf(packageOf("a", different)), ids));
  }

  test("copies of one version are one finding with all their places", () => {
    const scripted = { installScripts: [{ event: "install", command: "make" }] };
    const found = fold(
      packageOf("a", { ...scripted, path: "node_modules/z/node_modules/a", dev: true, requiredBy: ["z"] }),
      packageOf("a", { ...scripted }),
    ).find(({ kind }) => kind === "install-script");

    assert.deepEqual(found?.paths, ["node_modules/a", "node_modules/z/node_modules/a"]);
    assert.deepEqual([found?.dev, found?.requiredBy, found?.details], [false, ["p", "z"], ["install: make"]]);
  });

  test("all missing packages are one finding, with the command that brings them", () => {
    const found = fold(packageOf("b", { presence: "missing", measure: null }), packageOf("a", { presence: "missing", measure: null })).find(
      ({ kind }) => kind === "missing",
    );

    assert.deepEqual([found?.package, found?.paths], [null, ["node_modules/a", "node_modules/b"]]);
    assert.match(found?.advice ?? "", /npm ci/);
  });

  test("the project's size counts every package", () => {
    const packages = Array.from({ length: 11 }, (_, index) => packageOf(`p${index}`, { bytes: 9_999 }));

    assert.equal(idsOf(...packages.slice(0, 10)).includes("large-project"), false);
    assert.equal(idsOf(...packages).includes("large-project"), true);
  });

  test("the order of the packages makes no difference", () => {
    const packages = [
      packageOf("a"),
      packageOf("a", { path: "node_modules/b/node_modules/a" }),
      packageOf("c", { deprecated: "x" }),
      packageOf("b", { presence: "missing", measure: null }),
    ];

    assert.deepEqual(foldFindings(packages.toReversed(), options), foldFindings(packages, options));
  });
});

test("sizes are said with at least two digits and in powers of ten", () => {
  const said = [0, 999, 1_000, 9_940, 9_960, 12_345, 999_499, 999_500, 118_000_000, 2_500_000_000, 5e15].map(formatBytes);

  assert.deepEqual(said, ["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "12 kB", "999 kB", "1.0 MB", "118 MB", "2.5 GB", "5000 TB"]);
});
