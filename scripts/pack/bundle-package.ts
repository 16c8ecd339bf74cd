import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";
import type { Manifest } from "./staged-manifest.ts";

/**
 * The JavaScript of a package: its entry points and what they share, in a few files that stand side by side in `dist`. A process that
 * starts would otherwise find, read and compile some 250 small ones before its first run. Nothing is shortened or renamed, so that a stack
 * trace reads like the source; other packages stay imports.
 *
 * @param source the package's folder
 * @param dist where the files go
 * @throws an Error when two entry points would get the same name, or esbuild's own
 */
export async function bundlePackage(source: string, manifest: Manifest, dist: string): Promise<void> {
  const sources = join(source, "src");
  const entries = entryPoints(source, manifest);
  await build({
    absWorkingDir: source,
    entryPoints: Object.fromEntries(entries.map((file) => [builtName(file), join(sources, file)])),
    outdir: dist,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    packages: "external",
    target: "es2024",
    // Node 24 knows `using`.
    supported: { using: true },
    chunkNames: "[name]-[hash]",
    logLevel: "silent",
    plugins: [movedAddresses(sources)],
  });
}

/**
 * The files of `src` that something outside of the bundle names: exports, what a program in `bin` starts, what another thread starts.
 *
 * @throws an Error when two would get the same name
 */
export function entryPoints(source: string, { exports }: Pick<Manifest, "exports">): string[] {
  const exported = Object.values(exports).filter((file) => file.endsWith(".ts"));
  const started = globSync("bin/*.js", { cwd: source }).flatMap((file) => addresses(readFileSync(join(source, file), "utf8")));
  const sources = join(source, "src");
  const inside = globSync("**/*.ts", { cwd: sources }).flatMap((file) =>
    addresses(readFileSync(join(sources, file), "utf8")).map((address) => join("src", dirname(file), address)),
  );
  const files = [...exported, ...started, ...inside]
    .filter((file) => file.endsWith(".ts"))
    .map((file) => relative("src", file.replace(/^\.\.?\//, "")));
  const entries = [...new Set(files)].sort();
  for (const [index, file] of entries.entries()) {
    const other = entries.slice(0, index).find((each) => builtName(each) === builtName(file));
    if (other !== undefined) throw new Error(`src/${other} and src/${file} would both become dist/${builtName(file)}.js: rename one`);
  }
  return entries;
}

/** The name of an entry point in `dist`, without its ending. */
export function builtName(file: string): string {
  return basename(file, ".ts");
}

/**
 * `new URL("…", import.meta.url)` in a source file, as it must read in `dist`: code from everywhere stands there in one folder, as do the
 * entry points. What is not TypeScript keeps its place below `src`, which `dist` has taken, or beside it.
 *
 * @param folder of the file, from `src`
 */
export function moveAddresses(text: string, folder: string): string {
  return text.replace(address, (_, before: string, target: string, after: string) => {
    const moved = target.endsWith(".ts") ? `${builtName(target)}.js` : join(folder, target);
    return `${before}${moved.startsWith(".") ? "" : "./"}${moved}${after}`;
  });
}

const address = /(new URL\(\s*["'])(\.[^"'\n]+)(["']\s*,\s*import\.meta\.url)/g;

function addresses(text: string): string[] {
  return [...text.matchAll(address)].map(([, , target = ""]) => target);
}

function movedAddresses(sources: string): Plugin {
  return {
    name: "moved-addresses",
    setup(bundle) {
      bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        loader: "ts",
        contents: moveAddresses(readFileSync(path, "utf8"), relative(sources, dirname(path))),
      }));
    },
  };
}
