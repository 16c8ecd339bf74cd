// npm run bench -- [W1 … W11] [--pairs N] [--quick] [--json] [--write] [--profile]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBenchArguments, usage } from "./src/arguments.ts";
import { Bench } from "./src/bench.ts";
import { killChildren } from "./src/child-process.ts";
import { failures, type Result } from "./src/figure.ts";
import { loadLine, machineLine } from "../scripts/machine.ts";
import { markdownTable } from "./src/markdown-table.ts";
import { PeersFolder } from "./src/peers-folder.ts";
import { Progress } from "./src/progress.ts";
import { resultsText } from "./src/results-file.ts";
import { workloads } from "./src/workloads/index.ts";

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = readBenchArguments(
      args,
      workloads.map(({ id }) => id),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }

  const progress = new Progress(process.stderr);
  const tell = (text: string): void => progress.tell(text);
  const peers = new PeersFolder(join(import.meta.dirname, "..", "..", "shared", "bench-peers"), tell);
  process.once("SIGINT", () => {
    killChildren();
    progress.clear();
    process.exit(130);
  });

  const all: Result[] = [];
  for (const { id, title, measure } of workloads.filter((workload) => options.workloads.includes(workload.id))) {
    const results: Result[] = [];
    const loadBefore = loadLine();
    const bench = new Bench(id, {
      ...options,
      progress: tell,
      result: (result) => {
        results.push(result);
        if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
      },
    });
    await measure(bench, peers);
    await bench.end();
    all.push(...results);

    progress.clear();
    const facts = {
      date: new Date().toISOString().slice(0, 10),
      machine: machineLine(),
      load: `${loadBefore} before, ${loadLine()} after`,
      pairs: options.pairs,
      quick: options.quick,
    };
    if (!options.json)
      process.stdout.write(`\n${id} ${title}; ${facts.machine}; load ${facts.load}; ${facts.pairs} pairs\n\n${markdownTable(results)}\n`);
    if (options.write) {
      const file = join(import.meta.dirname, "RESULTS.md");
      const titles = Object.fromEntries(workloads.map((workload) => [workload.id, workload.title]));
      writeFileSync(file, resultsText(existsSync(file) ? readFileSync(file, "utf8") : "", results, facts, titles));
    }
  }

  const failed = failures(all);
  for (const sentence of failed) process.stderr.write(`${sentence}\n`);
  return failed.length === 0 ? 0 : 1;
}
