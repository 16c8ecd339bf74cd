import { basename, join } from "node:path";
import { type ChildEnd, runChild } from "./child-process.ts";

/** What one measurement gave: figures by name. The name ends in the unit: `wallUsPerNode`, `itemsPerSecond`. */
export type Sample = Readonly<Record<string, number>>;

/** Parameters of a driver; JSON. */
export type Parameters = Readonly<Record<string, string | number | boolean>>;

/** Whatever can be measured again and again, each time on its own. */
export interface Contestant {
  /** `Heddle`, `Effect`, `bare call chain`… as the table shows it. */
  readonly name: string;
  sample(): Promise<Sample>;
  /** A peer: it may be absent or fail to install. Anything else that cannot be measured fails the bench. */
  readonly optional?: true;
  /** Measure once more, writing processor profiles into this folder. Only ours can. */
  readonly profile?: (folder: string) => Promise<unknown>;
}

/** A measurement could not be made. The message is for the table. */
export class NotMeasured extends Error {
  override readonly name = "NotMeasured";
}

const drivers = join(import.meta.dirname, "..", "drivers");
const mark = "@sample ";

/** Printed by a driver as its last line; read by `readSample`. */
export function sampleLine(sample: Sample): string {
  return mark + JSON.stringify(sample);
}

/** Named figures from what a child printed. @throws NotMeasured when it ended badly or printed none */
export function readSample(what: string, end: ChildEnd): Sample {
  const line = end.stdout.split("\n").findLast((text) => text.startsWith(mark));
  if (line !== undefined && end.code === 0) return JSON.parse(line.slice(mark.length)) as Sample;
  if (end.timedOut) throw new NotMeasured(`${what} did not end in time`);
  const told =
    end.stderr
      .trim()
      .split("\n")
      .filter((text) => /error|refused|cannot/i.test(text))
      .at(0) ??
    end.stderr.trim().split("\n").at(-1) ??
    "";
  throw new NotMeasured(`${what} ended with ${end.signal ?? end.code}: ${told.trim().slice(0, 300)}`);
}

export interface DriverOptions {
  /** File under `bench/drivers`, or a whole path: it exports `measure(parameters)`. */
  readonly driver: string;
  readonly parameters?: Parameters;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** Default five minutes. */
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** A command that starts Node: `strace` and its flags. */
  readonly wrapper?: readonly string[];
  /** Folder for processor profiles; measures for longer then. */
  readonly profile?: string;
}

/** Measure once, in a process of its own: nothing that one measurement leaves behind reaches the next. */
export async function runDriver(options: DriverOptions): Promise<Sample> {
  const [command = process.execPath, ...wrapped] = options.wrapper ?? [];
  const end = await runChild({
    command,
    args: [
      ...wrapped,
      ...(options.wrapper === undefined ? [] : [process.execPath]),
      "--expose-gc",
      "--no-warnings",
      "--max-old-space-size=8192",
      ...(options.flags ?? []),
      ...(options.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${options.profile}`]),
      join(drivers, "drive.ts"),
      options.driver,
      JSON.stringify(options.parameters ?? {}),
    ],
    timeoutMs: options.timeoutMs ?? 300_000,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.profile === undefined ? {} : { env: { HEDDLE_BENCH_PROFILED: "1" } }),
  });
  return readSample(basename(options.driver), end);
}

export function contestant(name: string, options: DriverOptions): Contestant {
  return { name, sample: () => runDriver(options), profile: (profile) => runDriver({ ...options, profile }) };
}
