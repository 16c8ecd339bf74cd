/**
 * Recognises licence texts by phrases that only they have. A fingerprint is an anchor, where the grant or the title
 * stands, and a reading of the words that follow it: licences of one family begin alike and differ in a later clause.
 * One file may hold several texts (Node's own holds thirty), so every anchor is read, in the file's order.
 */
interface Fingerprint {
  /** On words: lower case, letters and digits, single spaces. Must be global. */
  readonly anchor: RegExp;
  /** The id, given the anchor's match and up to `reach` characters from it on; undefined: it is none of ours. */
  readonly read: (following: string, match: RegExpExecArray) => string | undefined;
  readonly reach?: number;
}

const titled = (anchor: RegExp, id: string): Fingerprint => ({ anchor, read: () => id });

const fingerprints: readonly Fingerprint[] = [
  {
    anchor: /permission is hereby granted free of charge to any person obtaining a copy of this software/g,
    reach: 2_200,
    read: (words) => {
      if (words.includes("shall be used for good not evil")) return "JSON";
      if (words.includes("redistributions of source code must retain")) return "NCSA";
      if (words.includes("permission notice appear in all copies")) return "ICU";
      const noticeKept = /copyright notices?(?: s)? and this permission notice/.test(words);
      if (!noticeKept) return words.includes("the software is provided as is") ? "MIT-0" : undefined;
      return words.includes("shall not be used in advertising or otherwise to promote") ? "X11" : "MIT";
    },
  },
  {
    anchor: /permission to use copy modify (?:and or|and|or) distribute this (?:software|code) for any purpose with or without fee/g,
    reach: 500,
    read: (words) => (/provided that the above copyright notice|copyright notice and this permission notice/.test(words) ? "ISC" : "0BSD"),
  },
  {
    anchor: /redistribution and use (?:of this software )?in source and binary forms? with or without modification (?:are|is) permitted/g,
    reach: 2_600,
    read: (words) => {
      if (!words.includes("binary form must reproduce")) return undefined;
      if (words.includes("end user documentation included with the redistribution")) return "Apache-1.1";
      if (words.includes("advertising materials mentioning features")) return "BSD-4-Clause";
      if (!/endorse or promote products/.test(words)) return "BSD-2-Clause";
      return words.includes("no express or implied licenses to any party s patent rights") ? "BSD-3-Clause-Clear" : "BSD-3-Clause";
    },
  },
  titled(/apache license(?: v| version)? 2 0/g, "Apache-2.0"),
  {
    anchor: /mozilla public license(?: v| version)? (1|2) (\d)/g,
    read: (_, [, major, minor]) => `MPL-${major}.${minor}`,
  },
  {
    // The titles of the GNU licences carry their dates; text that only mentions them does not.
    anchor:
      /gnu (affero |lesser |library )?general public license version (\d)(?: (1))? (?:29 june 2007|19 november 2007|june 1991|february 1999)/g,
    read: (_, [, kind, major, minor]) => gnuId(kind, major, minor),
  },
  titled(/this is free and unencumbered software released into the public domain/g, "Unlicense"),
  titled(/cc0 1 0 universal/g, "CC0-1.0"),
  {
    anchor:
      /attribution((?: noncommercial| non commercial| sharealike| share alike| noderivatives| noderivs)*) (\d) (\d) (?:international|unported|generic)/g,
    read: (_, [, conditions = "", major, minor]) => {
      const parts = [
        /non ?commercial/.test(conditions) ? "-NC" : "",
        /share ?alike/.test(conditions) ? "-SA" : "",
        /noderiv/.test(conditions) ? "-ND" : "",
      ];
      return `CC-BY${parts.join("")}-${major}.${minor}`;
    },
  },
  titled(/blue oak model license version 1 0 0/g, "BlueOak-1.0.0"),
  titled(/python software foundation license version 2|psf license agreement for python/g, "Python-2.0"),
  titled(/altered source versions must be plainly marked as such/g, "Zlib"),
  titled(/do what the fuck you want to public license/g, "WTFPL"),
  titled(/boost software license version 1 0/g, "BSL-1.0"),
  {
    anchor: /eclipse public license(?: v| version)? (1|2) 0/g,
    read: (_, [, major]) => `EPL-${major}.0`,
  },
  titled(/common development and distribution license(?: cddl)? version 1 0/g, "CDDL-1.0"),
  titled(/the artistic license 2 0/g, "Artistic-2.0"),
  titled(/sil open font license version 1 1/g, "OFL-1.1"),
  titled(/unicode license v3/g, "Unicode-3.0"),
  titled(/server side public license/g, "SSPL-1.0"),
  titled(/business source license 1 1/g, "BUSL-1.1"),
  titled(/elastic license 2 0/g, "Elastic-2.0"),
  titled(/commons clause license condition/g, "LicenseRef-Commons-Clause"),
];

/** The notice that the GNU licences ask to put into files. Their full texts quote it, so it counts only without them. */
const gnuNotice: Fingerprint = {
  anchor:
    /gnu (affero |lesser |library )?general public license as published by the free software foundation (?:either )?version (\d)(?: (\d))? of the license(?: or at your option any (later) version)?/g,
  reach: 900,
  read: (words, [, kind, major, minor, later]) => {
    const exception = words.includes("configuration script generated by autoconf") ? " WITH Autoconf-exception-generic" : "";
    return `${gnuId(kind, major, minor)}-${later === undefined ? "only" : "or-later"}${exception}`;
  },
};

/** A file of a line or two may only name its licence. */
const shortName: Fingerprint = {
  anchor: /\b(mit|isc|unlicense|bsd 2 clause|bsd 3 clause)\b/g,
  read: (_, [name]) =>
    ({ mit: "MIT", isc: "ISC", unlicense: "Unlicense", "bsd 2 clause": "BSD-2-Clause", "bsd 3 clause": "BSD-3-Clause" })[name ?? ""],
};
const shortLength = 300;

function gnuId(kind: string | undefined, major: string | undefined, minor: string | undefined): string {
  const family = kind === undefined ? "GPL" : kind === "affero " ? "AGPL" : "LGPL";
  return `${family}-${major}.${minor ?? 0}`;
}

/**
 * The SPDX ids of the licence texts in a file, in order of appearance, each once; empty when none is recognised.
 * The full text of a GNU licence does not say whether later versions may be chosen: it gives the plain `GPL-3.0`.
 */
export function classifyLicenceText(text: string): readonly string[] {
  const words = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
  const found = findAll(words, fingerprints);
  const isGnu = (id: string): boolean => /^(?:A|L)?GPL-/.test(id);
  if (!found.some(isGnu)) found.push(...findAll(words, [gnuNotice]));
  if (found.length === 0 && words.length <= shortLength) found.push(...findAll(words, [shortName]));
  return [...new Set(found)];
}

function findAll(words: string, candidates: readonly Fingerprint[]): string[] {
  const matches = candidates.flatMap((candidate) => [...words.matchAll(candidate.anchor)].map((match) => ({ ...candidate, match })));
  matches.sort((a, b) => a.match.index - b.match.index);
  const ids: string[] = [];
  for (const [index, { match, read, reach = 0 }] of matches.entries()) {
    // A text ends where the next one begins: a later grant's clauses are not its own.
    const nextGrant = matches.slice(index + 1).find((other) => other.reach !== undefined)?.match.index ?? words.length;
    const end = Math.min(match.index + match[0].length + reach, nextGrant);
    const id = read(words.slice(match.index, end), match);
    if (id !== undefined) ids.push(id);
  }
  return ids;
}
