/**
 * Ids of the licences that npm packages commonly have, in the spelling of the SPDX list, so that `mit` or `apache-2.0`
 * is read as what it means. Not the whole list: an id that is not here is taken as it is written.
 */
const ids: readonly string[] = [
  ..."0BSD AFL-2.1 AFL-3.0 AGPL-1.0 AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-2.0".split(" "),
  ..."BlueOak-1.0.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause BSL-1.0 BUSL-1.1 CC0-1.0 CC-BY-3.0 CC-BY-4.0".split(" "),
  ..."CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-4.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CDDL-1.0 CDDL-1.1 CPAL-1.0 ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2".split(
    " ",
  ),
  ..."Elastic-2.0 GPL-1.0 GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0-only GPL-3.0-or-later HPND ICU ISC".split(" "),
  ..."LGPL-2.0 LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only LGPL-3.0-or-later".split(
    " ",
  ),
  ..."MIT MIT-0 MPL-1.1 MPL-2.0 MS-PL MulanPSL-2.0 NCSA OFL-1.1 OSL-3.0 PostgreSQL PSF-2.0 Python-2.0 Ruby SSPL-1.0".split(" "),
  ..."Unicode-3.0 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C WTFPL X11 Zlib ZPL-2.1".split(" "),
];

const canonical = new Map(ids.map((id) => [id.toLowerCase(), id]));

/** The id as the SPDX list spells it, where we know it; else as it is. */
export function canonicalId(id: string): string {
  return canonical.get(id.toLowerCase()) ?? id;
}

/**
 * What people write instead of an id, lower case and without punctuation. Only names that can mean one thing are here:
 * "BSD" and "GPL" alone do not say which.
 */
const names: Readonly<Record<string, string>> = {
  "mit license": "MIT",
  "the mit license": "MIT",
  "mit x11": "MIT",
  "mit expat": "MIT",
  expat: "MIT",
  "isc license": "ISC",
  "apache 2": "Apache-2.0",
  "apache 2 0": "Apache-2.0",
  apache2: "Apache-2.0",
  "apache v2": "Apache-2.0",
  "apache license 2 0": "Apache-2.0",
  "apache license v2 0": "Apache-2.0",
  "apache license version 2 0": "Apache-2.0",
  "apache software license 2 0": "Apache-2.0",
  "asl 2 0": "Apache-2.0",
  "bsd 2": "BSD-2-Clause",
  "bsd 2 clause license": "BSD-2-Clause",
  "simplified bsd": "BSD-2-Clause",
  freebsd: "BSD-2-Clause",
  "bsd 3": "BSD-3-Clause",
  "bsd 3 clause license": "BSD-3-Clause",
  "new bsd": "BSD-3-Clause",
  "new bsd license": "BSD-3-Clause",
  "modified bsd": "BSD-3-Clause",
  "mpl 2": "MPL-2.0",
  "mozilla public license 2 0": "MPL-2.0",
  gplv2: "GPL-2.0",
  "gpl 2": "GPL-2.0",
  gplv3: "GPL-3.0",
  "gpl 3": "GPL-3.0",
  "gnu gplv3": "GPL-3.0",
  lgplv3: "LGPL-3.0",
  "lgpl 3": "LGPL-3.0",
  agplv3: "AGPL-3.0",
  "agpl 3": "AGPL-3.0",
  "the unlicense": "Unlicense",
  cc0: "CC0-1.0",
  "cc0 1 0 universal": "CC0-1.0",
  "boost software license 1 0": "BSL-1.0",
};

/** The id that a free-form name means; undefined where it could mean several. */
export function idOfName(name: string): string | undefined {
  return names[
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, " ")
      .trim()
  ];
}
