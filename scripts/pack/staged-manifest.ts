/** The parts of a package.json that we read and write. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean | readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/**
 * The package.json that is published, from the one in the repository: `exports` lead to `dist`, the Node that is needed is named.
 * It is not in the repository's own package.json because there the first `npm ci` runs on whatever Node the machine has.
 */
export function stagedManifest(source: Manifest): Record<string, unknown> {
  const { name, version, description, license, type, sideEffects, bin, exports, dependencies, peerDependencies, peerDependenciesMeta } =
    source;
  const built = Object.entries(exports).map(([entry, file]) => [entry, conditions(file)]);
  return withoutUndefined({
    name,
    version,
    description,
    license,
    type,
    sideEffects,
    engines: { node: ">=24" },
    exports: { ...Object.fromEntries(built), "./package.json": "./package.json" },
    bin,
    files: ["dist", ...(bin === undefined ? [] : ["bin"])],
    dependencies,
    peerDependencies,
    peerDependenciesMeta,
  });
}

function conditions(file: string): { readonly types: string; readonly default: string } | string {
  const entry = /^\.\/src\/(.+)\.ts$/.exec(file)?.[1];
  return entry === undefined ? file.replace("./src/", "./dist/") : { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` };
}

function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
