import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { findPlaces } from "../find-places.ts";
import { classifyLicenceText } from "../licence/classify-text.ts";
import { readLockfile } from "../lockfile/read-lockfile.ts";
import { inspectPackage } from "../package/inspect-package.ts";

const root = findPlaces({}).project;

/** The first words of texts that this repository has no package under, as their files have them. */
const grant =
  "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the “Software”), to deal in the Software without restriction";
const notice = "The above copyright notice and this permission notice shall be included in all copies.";
const bsd =
  "Redistribution and use in source and binary forms, with or without\n# modification, are permitted provided that: 1. Redistributions of source code must retain … 2. Redistributions in binary form must reproduce …";
const endorse = "3. Neither the name … may be used to endorse or promote products derived from this software";

describe("classifyLicenceText", () => {
  const texts: readonly (readonly [name: string, text: string, ...ids: string[]])[] = [
    ["MIT", `${grant}, subject to the following conditions: ${notice} THE SOFTWARE IS PROVIDED "AS IS"`, "MIT"],
    ["MIT without the notice", `${grant}. THE SOFTWARE IS PROVIDED "AS IS"`, "MIT-0"],
    [
      "X11",
      `${grant}: ${notice} Except as contained in this notice, the name of X shall not be used in advertising or otherwise to promote the sale`,
      "X11",
    ],
    ["JSON", `${grant}: ${notice} The Software shall be used for Good, not Evil.`, "JSON"],
    [
      "ISC",
      "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice …",
      "ISC",
    ],
    [
      "0BSD",
      'Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted. THE SOFTWARE IS PROVIDED "AS IS"',
      "0BSD",
    ],
    ["BSD of two clauses", bsd, "BSD-2-Clause"],
    ["BSD of three clauses", `${bsd} ${endorse}`, "BSD-3-Clause"],
    ["BSD of four clauses", `${bsd} 3. All advertising materials mentioning features … ${endorse}`, "BSD-4-Clause"],
    ["BSD clear", `${bsd} ${endorse}. NO EXPRESS OR IMPLIED LICENSES TO ANY PARTY'S PATENT RIGHTS ARE GRANTED`, "BSD-3-Clause-Clear"],
    ["an Apache header", 'Licensed under the Apache License, Version 2.0 (the "License")', "Apache-2.0"],
    [
      "MPL",
      "Mozilla Public License Version 2.0\n====\n… the GNU General Public License, Version 2.0, the GNU Affero General Public License, Version 3.0 …",
      "MPL-2.0",
    ],
    ["GPL 2", "GNU GENERAL PUBLIC LICENSE\n Version 2, June 1991\n… GNU Lesser General Public License instead", "GPL-2.0"],
    [
      "GPL 3 in Markdown",
      "### GNU GENERAL PUBLIC LICENSE\n\nVersion 3, 29 June 2007\n… under the terms of the GNU General Public License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version",
      "GPL-3.0",
    ],
    ["LGPL 2.1", "GNU LESSER GENERAL PUBLIC LICENSE\nVersion 2.1, February 1999", "LGPL-2.1"],
    [
      "LGPL 3",
      "GNU LESSER GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n… the terms and conditions of version 3 of the GNU General Public License",
      "LGPL-3.0",
    ],
    ["AGPL", "GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3, 19 November 2007\n… GNU General Public License …", "AGPL-3.0"],
    [
      "a GPL notice",
      "it under the terms of the GNU General Public License as published by the Free Software Foundation; either version 2 of the License, or (at your option) any later version.",
      "GPL-2.0-or-later",
    ],
    [
      "an LGPL notice without later versions",
      "the GNU Lesser General Public License as published by the Free Software Foundation, version 2.1 of the License.",
      "LGPL-2.1-only",
    ],
    ["the Unlicense", "This is free and unencumbered software released into the public domain.", "Unlicense"],
    ["CC0", "Creative Commons Legal Code\n\nCC0 1.0 Universal", "CC0-1.0"],
    ["CC BY", "Attribution 4.0 International", "CC-BY-4.0"],
    ["CC BY-NC-SA", "Attribution-NonCommercial-ShareAlike 4.0 International", "CC-BY-NC-SA-4.0"],
    ["Python", "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n1. This LICENSE AGREEMENT is between …", "Python-2.0"],
    ["Zlib", "2. Altered source versions must be plainly marked as such", "Zlib"],
    ["WTFPL", "DO WHAT THE FUCK YOU WANT TO PUBLIC LICENSE", "WTFPL"],
    ["EPL", "Eclipse Public License - v 2.0", "EPL-2.0"],
    ["SSPL", "Server Side Public License\nVERSION 1, OCTOBER 16, 2018", "SSPL-1.0"],
    ["a line that only names it", "Released under the MIT license.", "MIT"],
    ["two texts in one file", `${grant}: ${notice}\n\n${bsd} ${endorse}`, "MIT", "BSD-3-Clause"],
    ["the same text twice", `${grant}: ${notice}\n${grant}: ${notice}`, "MIT"],
    ["other words", "All rights reserved. Ask before you use this, under the MIT license or not. ".repeat(8)],
    ["nothing", ""],
  ];
  for (const [name, text, ...ids] of texts) {
    test(`recognises ${name}`, () => assert.deepEqual(classifyLicenceText(text), ids));
  }

  test("comment signs, line ends and cases make no difference", () => {
    const commented = `/*\r\n * ${grant.replaceAll(" ", "\r\n * ")}\r\n * ${notice.toUpperCase()} */`;

    assert.deepEqual(classifyLicenceText(commented), ["MIT"]);
  });

  test("the grant of one text does not take its clauses from the next", () => {
    // Three clauses of BSD behind an MIT grant would otherwise look like the NCSA licence.
    assert.deepEqual(classifyLicenceText(`${grant}: ${notice} ${bsd}`), ["MIT", "BSD-2-Clause"]);
  });

  const files: readonly (readonly [path: string, ...ids: string[]])[] = [
    ["highlight.js/LICENSE", "BSD-3-Clause"],
    ["lru-cache/LICENSE.md", "BlueOak-1.0.0"],
    ["typescript/LICENSE", "Apache-2.0"],
    ["yargs-parser/LICENSE.txt", "ISC"],
    ["marked/LICENSE.md", "MIT", "BSD-3-Clause"],
  ];
  for (const [path, ...ids] of files) {
    test(`recognises the real ${path}`, () => {
      assert.deepEqual(classifyLicenceText(readFileSync(join(root, "node_modules", path), "utf8")), ids);
    });
  }

  test("every package of this repository that has a licence text has the one that it declares", async () => {
    const { packages } = await readLockfile(root);
    const inspected = await Promise.all(packages.map((locked) => inspectPackage(root, locked, { node: "24.0.0" })));
    const withText = inspected.filter(({ licence }) => licence.files.length > 0);

    assert.ok(withText.length > 50, `${withText.length} packages have texts`);
    assert.deepEqual(
      withText.filter(({ licence }) => licence.agreement !== "agrees").map(({ path, licence }) => ({ path, licence })),
      [],
    );
  });
});
