import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";
import type { Manifest } from "./staged-manifest.ts";

/**
 * The JavaScript of a package: its entry points and what they share, in a few files that stand side by side in `dist`. A process that
 * starts would otherwise find, read and compile some 250 small ones before its first run. A thread's program is one file by itself: it
 * shares no object with the others, and so need not share their code. Nothing is shortened or renamed, so that a stack trace reads like the
 * source; other packages stay imports.
 *
 * @param source the package's folder
 * @param dist where the files go
 * @throws an Error when two entry points would get the same name, or esbuild's own
 */
export async function bundlePackage(source: string, manifest: Manifest, dist: string): Promise<void> {
  const sources = join(source, "src");
  const { imported, threads } = entryPoints(source, manifest);
  const bundle = (entries: readonly string[]): Promise<unknown> =>
    build({
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
  await bundle(imported);
  for (const thread of threads) await bundle([thread]);
}

/**
 * The files of `src` that something outside of the bundle names: `imported` by the package's exports or by a program in `bin`, `threads` by
 * who starts them.
 *
 * @throws an Error when two would get the same name
 */
export function entryPoints(
  source: string,
  { exports }: Pick<Manifest, "exports">,
): { readonly imported: string[]; readonly threads: string[] } {
  const exported = Object.values(exports).filter((file) => file.endsWith(".ts"));
  const started = globSync("bin/*.js", { cwd: source }).flatMap((file) => addresses(readFileSync(join(source, file), "utf8")));
  const sources = join(source, "src");
  const inside = globSync("**/*.ts", { cwd: sources }).flatMap((file) =>
    addresses(readFileSync(join(sources, file), "utf8")).map((address) => join("src", dirname(file), address)),
  );
  const imported = sourceFiles([...exported, ...started]);
  const threads = sourceFiles(inside);
  const entries = [...new Set([...imported, ...threads])];
  for (const [index, file] of entries.entries()) {
    const other = entries.slice(0, index).find((each) => builtName(each) === builtName(file));
    if (other !== undefined) throw new Error(`src/${other} and src/${file} would both become dist/${builtName(file)}.js: rename one`);
  }
  return { imported, threads };
}

/** TypeScript files of a package, from its `src`, sorted and each once. */
function sourceFiles(files: readonly string[]): string[] {
  const ours = files.filter((file) => file.endsWith(".ts")).map((file) => relative("src", file.replace(/^\.\.?\//, "")));
  return [...new Set(ours)].sort();
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
