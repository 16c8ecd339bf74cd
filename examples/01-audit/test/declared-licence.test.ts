import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDeclaredLicence } from "../licence/declared-licence.ts";
import { compareLicence } from "../licence/licence-facts.ts";

describe("readDeclaredLicence", () => {
  const spdx: readonly (readonly [license: unknown, licenses: unknown, expression: string, fixed: boolean])[] = [
    ["MIT", undefined, "MIT", false],
    ["Apache-2.0", undefined, "Apache-2.0", false],
    ["(MIT OR Apache-2.0)", undefined, "MIT OR Apache-2.0", false],
    ["mit", undefined, "MIT", true],
    ["apache-2.0 or mit", undefined, "Apache-2.0 OR MIT", true],
    ["Apache 2.0", undefined, "Apache-2.0", true],
    ["Apache License, Version 2.0", undefined, "Apache-2.0", true],
    ["The MIT License", undefined, "MIT", true],
    ["MIT/X11", undefined, "MIT", true],
    ["GPLv3", undefined, "GPL-3.0", true],
    ["New BSD License", undefined, "BSD-3-Clause", true],
    [{ type: "MIT", url: "https://example.test" }, undefined, "MIT", true],
    [undefined, [{ type: "MIT" }, { type: "Apache 2.0" }], "MIT OR Apache-2.0", true],
    [undefined, ["MIT"], "MIT", true],
    [["MIT", "GPL-2.0"], undefined, "MIT OR GPL-2.0", true],
    [undefined, "ISC", "ISC", true],
    ["LicenseRef-House-Rules", undefined, "LicenseRef-House-Rules", false],
  ];
  for (const [license, licenses, expression, fixed] of spdx) {
    test(`${JSON.stringify(license ?? licenses)} means ${expression}`, () => {
      const declared = readDeclaredLicence(license, licenses);

      assert.ok(declared.kind === "spdx", declared.kind);
      assert.deepEqual([declared.expression, declared.fixed], [expression, fixed]);
    });
  }

  test("a legacy object is shown as it stands", () => {
    const declared = readDeclaredLicence({ type: "MIT" });

    assert.ok(declared.kind === "spdx");
    assert.equal(declared.written, '{ "type": "MIT" }');
  });

  test("SEE LICENSE IN names a file, however it is quoted", () => {
    for (const written of ["SEE LICENSE IN LICENSE.txt", "see licence in <LICENSE.txt>", 'SEE LICENSE IN "LICENSE.txt"']) {
      const declared = readDeclaredLicence(written);
      assert.ok(declared.kind === "file", written);
      assert.equal(declared.file, "LICENSE.txt");
    }
  });

  test("UNLICENSED is not the Unlicense", () => {
    assert.equal(readDeclaredLicence("UNLICENSED").kind, "unlicensed");
    assert.equal(readDeclaredLicence("Unlicense").kind, "spdx");
  });

  test("names of a family, and text that is no expression, are not guessed at", () => {
    for (const written of ["BSD", "GPL", "Public domain", "MIT, see LICENSE", "BSD OR MIT", "custom"]) {
      assert.equal(readDeclaredLicence(written).kind, "unreadable", written);
    }
  });

  test("nothing is declared by a missing, empty or odd field", () => {
    for (const license of [undefined, null, "", "  ", 3, [], {}, { type: 3 }]) assert.equal(readDeclaredLicence(license).kind, "none");
  });
});

describe("compareLicence", () => {
  const compare = (license: unknown, ...files: readonly (readonly [file: string, ...ids: string[]])[]) =>
    compareLicence(
      readDeclaredLicence(license),
      files.map(([file, ...ids]) => ({ file, ids })),
    );

  test("one text of a choice is enough to agree", () => {
    assert.equal(compare("MIT OR Apache-2.0", ["LICENSE", "MIT"]).agreement, "agrees");
  });

  test("a text that the declaration does not name differs", () => {
    const facts = compare("MIT", ["COPYING", "GPL-3.0"]);

    assert.equal(facts.agreement, "differs");
    assert.deepEqual(facts.furtherTexts, ["GPL-3.0"]);
    assert.equal(facts.expression, "MIT", "what is declared is still what is judged");
  });

  test("a further text beside the declared one does not differ", () => {
    const facts = compare("MIT", ["LICENSE", "MIT", "BSD-3-Clause"]);

    assert.equal(facts.agreement, "agrees");
    assert.deepEqual(facts.furtherTexts, ["BSD-3-Clause"]);
  });

  test("-only, -or-later and + have the text of the version", () => {
    for (const declared of ["GPL-3.0", "GPL-3.0-only", "GPL-3.0-or-later", "GPL-3.0+"]) {
      assert.equal(compare(declared, ["LICENSE", "GPL-3.0"]).agreement, "agrees", declared);
    }
  });

  test("LGPL 3 comes with the text of GPL 3, and nothing is further about it", () => {
    const facts = compare("LGPL-3.0-or-later", ["COPYING", "GPL-3.0"], ["COPYING.LESSER", "LGPL-3.0"]);

    assert.equal(facts.agreement, "agrees");
    assert.deepEqual(facts.furtherTexts, []);
  });

  test("without a readable declaration the texts are judged, all of them", () => {
    assert.equal(compare(undefined, ["LICENSE", "MIT"]).expression, "MIT");
    assert.equal(compare("BSD", ["LICENSE", "BSD-3-Clause"], ["LICENSE-DOCS", "CC-BY-4.0"]).expression, "BSD-3-Clause AND CC-BY-4.0");
    assert.equal(compare(undefined, ["LICENSE"]).expression, null);
  });

  test("SEE LICENSE IN judges that file only", () => {
    const facts = compare("SEE LICENSE IN ./EULA.md", ["eula.md", "BUSL-1.1"], ["LICENSE-VENDOR", "MIT"]);

    assert.deepEqual([facts.expression, facts.expressionFrom], ["BUSL-1.1", "texts"]);
  });

  test("UNLICENSED stays so, whatever text lies about", () => {
    assert.equal(compare("UNLICENSED", ["LICENSE", "MIT"]).expression, "UNLICENSED");
  });

  test("no file, and a file of unknown words, are told apart", () => {
    assert.equal(compare("MIT").agreement, "no-text");
    assert.equal(compare("MIT", ["LICENSE"]).agreement, "unrecognised");
  });
});
