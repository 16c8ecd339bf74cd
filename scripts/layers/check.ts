import { posix } from "node:path";
import { findCycles } from "./find-cycles.ts";
import { readImports } from "./read-imports.ts";
import { type Layer, layers, packageIndexes } from "./rules.ts";

/** What the check reads: source text by path from the root, and the packages each package.json declares. */
export interface Tree {
  readonly sources: ReadonlyMap<string, string>;
  /** By the folder of the package.json, `""` for the root: names in `dependencies`, and in any list. */
  readonly manifests: ReadonlyMap<string, { readonly runtime: readonly string[]; readonly all: readonly string[] }>;
}

/** Every breach of the table, as `file:line: sentence`; empty when all is well. */
export function checkLayers(tree: Tree): string[] {
  const faults: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [file, source] of tree.sources) {
    const layer = layerOf(file);
    if (layer === undefined) {
      faults.push(`${file}: belongs to no layer; add its folder to scripts/layers/rules.ts`);
      continue;
    }
    if (!layer.node && /\bDate\(\s*\)/.test(source)) faults.push(`${file}: ${layer.name} reads no clock, but makes a Date of now`);
    const targets: string[] = [];
    edges.set(file, targets);
    for (const found of readImports(source)) {
      const fault = judge(tree, layer, file, found.specifier, (target) => {
        if (!found.typeOnly) targets.push(target);
      });
      if (fault !== undefined) faults.push(`${file}:${found.line}: ${fault}`);
    }
  }
  for (const cycle of findCycles(edges)) faults.push(`${cycle[0]}: imports itself: ${cycle.join(" -> ")}`);
  for (const [folder, manifest] of tree.manifests) {
    if (folder === "packages/kernel" && manifest.runtime.length > 0) {
      faults.push(`packages/kernel/package.json: the kernel has no dependency, but lists ${manifest.runtime.join(", ")}`);
    }
  }
  return faults;
}

/** The layer whose folder fits the file best. */
export function layerOf(file: string): Layer | undefined {
  const fits = layers.filter(({ folder }) => new RegExp(`^${folder.replaceAll("*", "[^/]+")}(/|$)`).test(file));
  return fits.sort((a, b) => b.folder.length - a.folder.length || Number(a.folder.includes("*")) - Number(b.folder.includes("*")))[0];
}

function judge(tree: Tree, layer: Layer, file: string, specifier: string, reach: (target: string) => void): string | undefined {
  if (specifier.startsWith("node:")) {
    return layer.node ? undefined : `${layer.name} runs without Node, but imports ${specifier}`;
  }
  if (specifier.startsWith(".")) return judgePath(tree, layer, file, specifier, reach);
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const ours = packageIndexes[name];
  if (ours === undefined) return judgeOutside(tree, layer, file, name, specifier);
  const entry = specifier === name ? "index" : specifier.slice(name.length + 1);
  if (entry !== "index" && !ours.entries.includes(entry)) return `${specifier} is a path into another package: import ${name}`;
  if (entry === "internal" && !layer.internals) return `${layer.name} may not use ${specifier}, which is for our own packages`;
  reach(`${ours.folder}/src/${entry}.ts`);
  // A package's own tests and examples may use it by name; its sources use paths.
  return allowed(layer, ours.layer) ? undefined : `${layer.name} may not import ${ours.layer} (${specifier})`;
}

function judgePath(tree: Tree, layer: Layer, file: string, specifier: string, reach: (target: string) => void): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  if (packageFolder(target) !== packageFolder(file)) return `${specifier} is a path into another package: import it by its name`;
  if (!/\.(ts|js|cjs|json)$/.test(target)) return `${specifier} has no file ending`;
  if (target.endsWith(".ts") && !tree.sources.has(target)) return `${specifier} is no file`;
  reach(target);
  const to = layerOf(target);
  return to === undefined || allowed(layer, to.name) ? undefined : `${layer.name} may not import ${to.name} (${specifier})`;
}

function judgeOutside(tree: Tree, layer: Layer, file: string, name: string, specifier: string): string | undefined {
  if (layer.name === "kernel") return `the kernel has no dependency, but imports ${specifier}`;
  const folder = packageFolder(file);
  const shipped = folder.startsWith("packages/") && file.startsWith(`${folder}/src/`);
  // What is not shipped may also use what the root declares, and what its own folder does.
  const around = [folder, file.split("/", 1)[0] ?? "", file.split("/", 2).join("/"), ""];
  const declared = shipped ? (tree.manifests.get(folder)?.runtime ?? []) : around.flatMap((at) => tree.manifests.get(at)?.all ?? []);
  if (declared.includes(name)) return undefined;
  return `${specifier} is not declared in ${shipped ? `${folder}/package.json "dependencies"` : "package.json"}`;
}

/** The package that a file belongs to; examples, bench and scripts are the repository's own. */
function packageFolder(file: string): string {
  return /^packages\/[^/]+/.exec(file)?.[0] ?? "";
}

function allowed(from: Layer, to: string): boolean {
  return from.name === to || from.imports.includes(to);
}
