import { parseArgs } from "node:util";

export interface BenchArguments {
  /** In order, each once; all when none is named. */
  readonly workloads: readonly string[];
  readonly json: boolean;
  readonly pairs: number;
  readonly quick: boolean;
  readonly write: boolean;
  readonly profile: boolean;
  readonly help: boolean;
}

export const usage = `npm run bench -- [W1 … W11] [--pairs N] [--quick] [--json] [--write] [--profile]

  W1 … W11     workloads to run; none: all of them
  --pairs N   pairs of a claimed ratio; default 9, with --quick 3
  --quick     small sizes and few pairs: to see that it works, not to claim anything
  --json      one object per result on stdout instead of the table
  --write     put the table into bench/RESULTS.md; sections of other workloads there stay
  --profile   after a missed bar, profile Heddle's side and say which functions took the time

Exit code: 0 every counted bar was met; 1 one was missed, or Heddle could not be measured; 2 wrong usage. Ratios and rates are told, never asserted.
Peers are taken from ../shared/bench-peers, copied and installed into HEDDLE_BENCH_PEERS (default: the system's temporary folder).
`;

/** @throws RangeError what the user must be told */
export function readBenchArguments(args: readonly string[], known: readonly string[]): BenchArguments {
  const { values, positionals } = parse(args);
  const workloads = [...new Set(positionals.map((name) => name.toUpperCase()))];
  const strange = workloads.find((name) => !known.includes(name));
  if (strange !== undefined) throw new RangeError(`There is no workload ${strange}: choose from ${known.join(", ")}.`);
  const pairs = values.pairs === undefined ? (values.quick ? 3 : 9) : Number(values.pairs);
  if (!Number.isInteger(pairs) || pairs < 1) throw new RangeError(`--pairs takes a whole number from 1, not "${values.pairs ?? ""}".`);
  return {
    workloads: workloads.length === 0 ? known : workloads,
    json: values.json,
    pairs,
    quick: values.quick,
    write: values.write,
    profile: values.profile,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: flag, quick: flag, write: flag, profile: flag, help: { ...flag, short: "h" }, pairs: { type: "string" } },
    });
  } catch (error) {
    throw new RangeError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
