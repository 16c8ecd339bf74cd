import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundlePackage } from "./bundle-package.ts";
import { leftoverReference, rewriteDeclaration } from "./rewrite-declaration.ts";
import { type Manifest, stagedManifest } from "./staged-manifest.ts";

/** A package as it is published. */
export interface BuiltPackage {
  readonly name: string;
  /** What is packed: package.json, dist, bin, README, LICENSE. */
  readonly folder: string;
  readonly tarball: string;
}

/**
 * Checks and bundles every package of the repository and packs it.
 *
 * @param out folder for the tarballs and what they hold; emptied first
 * @throws an Error when a package does not compile, or refers to a source file that is not packed
 */
export async function buildPackages(root: string, out: string): Promise<BuiltPackage[]> {
  rmSync(out, { recursive: true, force: true });
  const declarations = join(out, "declarations");
  mkdirSync(declarations, { recursive: true });
  run(root, join(root, "node_modules", ".bin", "tsc"), ["-p", "tsconfig.build.json", "--outDir", declarations]);
  const built: BuiltPackage[] = [];
  for (const path of globSync("packages/*/package.json", { cwd: root }).sort())
    built.push(await stage(root, join(root, dirname(path)), join(declarations, dirname(path).slice("packages/".length)), out));
  return built;
}

async function stage(root: string, source: string, declarations: string, out: string): Promise<BuiltPackage> {
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  const folder = join(out, "staged", manifest.name.replace("/", "-").replace("@", ""));
  const dist = join(folder, "dist");
  cpSync(join(declarations, "src"), dist, { recursive: true });
  await bundlePackage(source, manifest, dist);
  // What is read at run time beside the code: JSON Schemas, pages, styles.
  cpSync(join(source, "src"), dist, { recursive: true, filter: (path) => !path.endsWith(".ts") });
  if (existsSync(join(source, "bin"))) cpSync(join(source, "bin"), join(folder, "bin"), { recursive: true });
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  const readme = [join(source, "README.md"), join(root, "README.md")].find((file) => existsSync(file));
  if (readme !== undefined) cpSync(readme, join(folder, "README.md"));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(stagedManifest(manifest), null, 2)}\n`);
  for (const file of globSync("**/*.{js,d.ts}", { cwd: dist })) {
    const text = readFileSync(join(dist, file), "utf8");
    const rewritten = file.endsWith(".d.ts") ? rewriteDeclaration(text) : text;
    const leftover = leftoverReference(rewritten);
    if (leftover !== undefined) throw new Error(`${manifest.name}: dist/${file} refers to ${leftover}, which is not in the package`);
    if (rewritten !== text) writeFileSync(join(dist, file), rewritten);
  }
  const packed = run(folder, "npm", ["pack", "--json", "--pack-destination", out]);
  const [report] = Object.values(JSON.parse(packed.slice(packed.search(/[[{]/))) as Record<string, { filename: string }>);
  if (report === undefined) throw new Error(`npm pack said nothing about ${manifest.name}`);
  return { name: manifest.name, folder, tarball: join(out, report.filename) };
}

function run(cwd: string, command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
