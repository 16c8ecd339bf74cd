import { dataFolder } from "../data-folder.ts";
import { type Contestant, runDriver, type Sample } from "../sample.ts";

interface Runs {
  /** Default `Heddle`. */
  readonly name?: string;
  readonly inFlight: number;
  readonly runs: number;
  readonly warmRuns: number;
  readonly oneByOne?: boolean;
  /** What a run is. Default: a durable function. */
  readonly front?: "graph";
}

/** Heddle, and the worker thread that writes what Heddle's last sample wrote. */
export function sameRows({ name = "Heddle", oneByOne = false, ...runs }: Runs): [Contestant, Contestant] {
  let left: ReturnType<typeof dataFolder> | undefined;
  const ours = async (profile?: string): Promise<Sample> => {
    left?.[Symbol.dispose]();
    left = dataFolder();
    return runDriver({
      driver: "heddle/durable-runs.ts",
      parameters: { folder: left.path, ...runs },
      ...(profile === undefined ? {} : { profile }),
    });
  };
  const theirs = async (): Promise<Sample> => {
    try {
      return await runDriver({ driver: "floor/same-rows.ts", parameters: { folder: left?.path ?? "", oneByOne } });
    } finally {
      left?.[Symbol.dispose]();
      left = undefined;
    }
  };
  return [
    { name, sample: () => ours(), profile: (folder) => ours(folder) },
    { name: oneByOne ? "worker thread, row by row" : "worker thread, same rows", sample: theirs },
  ];
}
