import { execFileSync, type ExecFileSyncOptions } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Installed {
  /** Packages in node_modules. */
  readonly packages: readonly string[];
  /** Size of all their files. */
  readonly bytes: number;
}

/**
 * Makes an empty ESM project in `folder` and installs the tarballs, without the network. What they need of other people is packed from the clone.
 *
 * @throws an Error with npm's words when it does not work
 */
export function installProject(folder: string, tarballs: readonly string[], root: string): Installed {
  mkdirSync(folder, { recursive: true });
  const given = new Map(tarballs.map((path) => [nameOf(path), path]));
  const needed = new Set(tarballs.flatMap((path) => Object.keys(manifestOf(path).dependencies ?? {})).filter((name) => !given.has(name)));
  for (const name of needed) given.set(name, packFromClone(join(root, "node_modules", name), folder));
  const dependencies = Object.fromEntries([...given].map(([name, path]) => [name, `file:${path}`]));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "project", version: "1.0.0", private: true, type: "module", dependencies }),
  );
  runNpm(folder, ["install", "--offline", "--no-audit", "--no-fund"]);
  const modules = join(folder, "node_modules");
  const files = globSync("**/*", { cwd: modules }).filter((file) => statSync(join(modules, file)).isFile());
  return {
    packages: files
      .filter((file) => /^(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(file))
      .map((file) => file.replace("/package.json", ""))
      .sort(),
    bytes: files
      .filter((file) => basename(file) !== ".package-lock.json")
      .reduce((sum, file) => sum + statSync(join(modules, file)).size, 0),
  };
}

/** Adds a packed package to an installed project. What it needs of others is copied as the clone has it, since npm would ask the network for it. */
export function addPackage(folder: string, tarball: string, root: string): void {
  const name = nameOf(tarball);
  const target = join(folder, "node_modules", name);
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  for (const needed of needs(target, root)) {
    const copy = join(folder, "node_modules", needed);
    if (!existsSync(copy)) cpSync(join(root, "node_modules", needed), copy, { recursive: true });
  }
}

/** Packages that the one in `folder` depends on, and all that those do. */
function needs(folder: string, root: string): ReadonlySet<string> {
  const found = new Set(dependenciesIn(folder));
  for (const name of found) for (const further of dependenciesIn(join(root, "node_modules", name))) found.add(further);
  return found;
}

function dependenciesIn(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly dependencies?: object;
    readonly peerDependencies?: object;
    readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  };
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter((name) => manifest.peerDependenciesMeta?.[name]?.optional !== true);
  return [...Object.keys(manifest.dependencies ?? {}), ...peers];
}

/** Runs npm in a folder with a cache of its own, so that nothing comes from elsewhere; gives its output. */
export function runNpm(folder: string, args: readonly string[], options: Pick<ExecFileSyncOptions, "timeout"> = {}): string {
  const env = { ...process.env, npm_config_cache: join(folder, ".npm-cache"), npm_config_update_notifier: "false" };
  try {
    return execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env, ...options });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`npm ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

function packFromClone(source: string, folder: string): string {
  const answer = runNpm(folder, ["pack", source, "--json", "--ignore-scripts", "--pack-destination", folder]);
  const [report] = Object.values(JSON.parse(answer) as Record<string, { readonly filename: string }>);
  if (report === undefined) throw new Error(`npm pack said nothing about ${source}`);
  return join(folder, report.filename);
}

function nameOf(tarball: string): string {
  return manifestOf(tarball).name;
}

function manifestOf(tarball: string): { readonly name: string; readonly dependencies?: object } {
  const listing = execFileSync("tar", ["-xzOf", tarball, "package/package.json"], { encoding: "utf8" });
  return JSON.parse(listing) as { readonly name: string; readonly dependencies?: object };
}
