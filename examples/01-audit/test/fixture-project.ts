import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** One installed package of the fixture: its lockfile entry, its package.json beyond name and version, and its files. */
interface FixturePackage {
  readonly name: string;
  readonly version: string;
  /** Default `node_modules/<name>`. */
  readonly path?: string;
  readonly lock?: Readonly<Record<string, unknown>>;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** In the lockfile only. */
  readonly absent?: true;
}

const mit = `MIT License

Copyright (c) 2020 A. Author

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, subject to the following conditions: The above copyright
notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND.
`;
const agpl =
  "                    GNU AFFERO GENERAL PUBLIC LICENSE\n                       Version 3, 19 November 2007\n\n Everyone is permitted to copy …\n";
const gpl =
  "                    GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007\n\n Everyone is permitted to copy …\n";

/** An ELF header and nothing behind it. */
const elf = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), Buffer.alloc(56)]);

/** A project with one of everything that the audit looks for. The default policy asks about four of its findings. */
export const fixturePackages: readonly FixturePackage[] = [
  { name: "plain", version: "1.0.0", manifest: { license: "MIT" }, files: { LICENSE: mit, "index.js": "export {};\n" } },
  { name: "server-side", version: "4.2.0", manifest: { license: "AGPL-3.0-only" }, files: { LICENSE: agpl } },
  { name: "says-mit", version: "1.1.0", manifest: { license: "MIT" }, files: { COPYING: gpl } },
  {
    name: "scripted",
    version: "2.0.0",
    lock: { hasInstallScript: true },
    manifest: { license: "ISC", scripts: { postinstall: "node fetch-binary.js", test: "true" } },
    files: { "LICENSE.md": "ISC" },
  },
  {
    name: "@native/addon",
    version: "3.0.0",
    lock: { engines: { node: ">=18" } },
    manifest: { license: "Apache-2.0" },
    files: { "LICENSE-APACHE": "Apache License\nVersion 2.0, January 2004\n", "build/Release/addon.node": elf },
  },
  { name: "twice", version: "2.0.0", manifest: { license: "(MIT OR GPL-3.0-or-later)" }, files: { LICENSE: mit } },
  {
    name: "twice",
    version: "1.0.0",
    path: "node_modules/plain/node_modules/twice",
    manifest: { license: { type: "MIT", url: "https://example.test" } },
    files: { LICENSE: mit },
  },
  {
    name: "old-thing",
    version: "0.9.0",
    lock: { deprecated: 'use <script>alert("x")</script> new-thing', engines: { node: "0.8 || <5" }, dev: true },
    manifest: { license: "BSD" },
    files: { LICENCE: mit },
  },
  { name: "silent", version: "0.1.0", lock: { dev: true }, files: { "index.js": "\n" } },
  {
    name: "from-git",
    version: "1.0.0",
    lock: { resolved: "git+ssh://git@example.test/from-git.git#0123abc", integrity: undefined },
    manifest: { license: "MIT" },
    files: { LICENSE: mit },
  },
  { name: "for-windows", version: "1.0.0", lock: { optional: true, os: ["win32"], license: "MIT" }, absent: true },
];

/** The fixture's package-lock.json. */
export function fixtureLockfile(): unknown {
  const dependencies = Object.fromEntries(
    fixturePackages.filter(({ path }) => path === undefined).map(({ name, version }) => [name, version]),
  );
  const entries = fixturePackages.map((described) => {
    const { name, version, lock, manifest } = described;
    const license = typeof manifest?.license === "string" ? { license: manifest.license } : {};
    const entry = {
      version,
      resolved: `https://registry.example.test/${name}/-/${name.split("/").at(-1)}-${version}.tgz`,
      integrity: "sha512-AAAA",
      ...license,
      ...(name === "plain" ? { dependencies: { twice: "^1.0.0" } } : {}),
      ...lock,
    };
    return [placeOf(described), entry] as const;
  });
  return {
    name: "fixture-project",
    version: "1.2.3",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "fixture-project", version: "1.2.3", workspaces: ["packages/*"], dependencies },
      "node_modules/own-part": { resolved: "packages/own-part", link: true },
      "packages/own-part": { version: "0.0.0", dependencies: { plain: "*" } },
      ...Object.fromEntries(entries),
    },
  };
}

/** Write the fixture into a folder: its lockfile and its installed packages. */
export async function writeFixtureProject(folder: string): Promise<void> {
  await writeFiles(folder, {
    "package.json": json({ name: "fixture-project", version: "1.2.3" }),
    "package-lock.json": json(fixtureLockfile()),
  });
  for (const described of fixturePackages) {
    if (described.absent === true) continue;
    const { name, version, manifest, files } = described;
    await writeFiles(join(folder, placeOf(described)), { "package.json": json({ name, version, ...manifest }), ...files });
  }
}

const placeOf = ({ name, path }: FixturePackage): string => path ?? `node_modules/${name}`;
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

// As a script: `node examples/01-audit/test/fixture-project.ts FOLDER` makes a project to try the audit's questions on.
if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) {
    process.stderr.write("usage: node examples/01-audit/test/fixture-project.ts FOLDER\n");
    process.exitCode = 2;
  } else {
    await writeFixtureProject(folder);
  }
}
