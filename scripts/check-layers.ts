// npm run check:layers: imports point one way, as the table in scripts/layers/rules.ts says.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkLayers, type Tree } from "./layers/check.ts";

const root = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const find = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (path) => path === "node_modules" || path.endsWith("/node_modules") }).sort();

const tree: Tree = {
  sources: new Map(
    ["packages", "examples", "bench", "scripts"].flatMap((folder) => find(`${folder}/**/*.ts`)).map((file) => [file, read(file)]),
  ),
  manifests: new Map(
    ["package.json", ...find("{packages,examples}/*/package.json"), ...find("bench/package.json")].map((file) => {
      const {
        dependencies = {},
        devDependencies = {},
        optionalDependencies = {},
        peerDependencies = {},
      } = JSON.parse(read(file)) as Record<string, object>;
      const runtime = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
      return [dirname(file) === "." ? "" : dirname(file), { runtime, all: [...runtime, ...Object.keys(devDependencies)] }];
    }),
  ),
};
const faults = checkLayers(tree);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`${tree.sources.size} files, ${faults.length} faults\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
