import { globSync } from "node:fs";
import { join } from "node:path";
import type { BarId } from "./bars.ts";
import { ownTime, readCpuProfile } from "./cpu-profile.ts";
import { dataFolder } from "./data-folder.ts";
import { type Figure, judged, type Result } from "./figure.ts";
import { type Contestant, NotMeasured, type Sample } from "./sample.ts";
import { column, type Pairs, samplePairs, sampleSeries } from "./sitting.ts";
import { pairedRatios, spread } from "./statistics.ts";

export interface BenchOptions {
  /** Pairs of a claimed ratio. */
  readonly pairs: number;
  /** Small sizes: to see that everything works, not to claim anything. */
  readonly quick: boolean;
  /** Profile what misses a bar. */
  readonly profile: boolean;
  readonly result: (result: Result) => void;
  readonly progress: (text: string) => void;
}

/** What a figure is, whatever its numbers. */
export interface Heading {
  readonly name: string;
  readonly unit: string;
  readonly bar?: BarId;
  readonly note?: string;
  readonly against?: string;
}

/** One workload's sitting: measures contestants and hands out figures. What cannot be measured is skipped by name. */
export class Bench {
  readonly workload: string;
  readonly pairs: number;
  readonly quick: boolean;
  readonly #options: BenchOptions;
  readonly #missed = new Map<Contestant, string>();
  readonly #kept = new DisposableStack();

  constructor(workload: string, options: BenchOptions) {
    this.workload = workload;
    this.pairs = options.pairs;
    this.quick = options.quick;
    this.#options = options;
  }

  /** Samples of both, in pairs; undefined, and a line in the table, when one of them cannot be measured. */
  async against(name: string, ours: Contestant, theirs: Contestant, first: "ours" | "theirs" = "theirs"): Promise<Pairs | undefined> {
    const told = (done: number): void => this.#told(`${name}: ${ours.name} and ${theirs.name}`, done, this.pairs);
    return this.#orSkip(name, () => samplePairs(this.#named(ours), this.#named(theirs), this.pairs, told, first));
  }

  /** Samples of one; undefined, and a line in the table, when it cannot be measured. */
  async alone(name: string, contestant: Contestant, count: number): Promise<Sample[] | undefined> {
    return this.#orSkip(name, () =>
      sampleSeries(this.#named(contestant), count, (done) => this.#told(`${name}: ${contestant.name}`, done, count)),
    );
  }

  /** A figure as it was sampled. */
  figure(of: Contestant, samples: readonly Sample[], key: string, heading: Heading): void {
    this.give(of, column(samples, key), heading);
  }

  /** How many times theirs ours is, pair by pair. */
  ratio(ours: Contestant, theirs: Contestant, pairs: Pairs, key: string, heading: Omit<Heading, "unit" | "against">): void {
    this.give(ours, pairedRatios(column(pairs.ours, key), column(pairs.theirs, key)), { ...heading, unit: "times", against: theirs.name });
  }

  /** A figure worked out from samples; of a contestant, or of something that was measured along with one. */
  give(of: Contestant | string, values: readonly number[], heading: Heading): void {
    const figure: Figure = judged({
      workload: this.workload,
      of: typeof of === "string" ? of : of.name,
      spread: spread(values),
      ...heading,
    });
    this.#options.result(figure);
    if (figure.verdict === "missed" && typeof of !== "string" && !this.#missed.has(of)) this.#missed.set(of, heading.name);
  }

  /** Something of ours cannot be measured. */
  fault(name: string, why: string): void {
    this.#options.result({ workload: this.workload, name, of: "Heddle", skipped: why, fault: true });
  }

  /** Dispose of something when the sitting is over, profiles included. */
  keep<T extends Disposable>(thing: T): T {
    return this.#kept.use(thing);
  }

  progress(text: string): void {
    this.#options.progress(`${this.workload} ${text}`);
  }

  /** After the sitting: profile what missed a bar, if that was asked for. */
  async end(): Promise<void> {
    using _ = this.#kept;
    if (!this.#options.profile) return;
    for (const [contestant, name] of this.#missed) {
      if (contestant.profile === undefined) continue;
      this.progress(`${name}: profile of ${contestant.name}`);
      using folder = dataFolder();
      const { profile } = contestant;
      await this.#orSkip(`${name}, profile`, () => guarded(contestant, () => profile(folder.path)));
      // A process writes one file per thread: the main thread's and the store's writer.
      for (const file of globSync("*.cpuprofile", { cwd: folder.path }).toSorted()) {
        const shares = ownTime(readCpuProfile(join(folder.path, file)), 12);
        if (shares.length > 0) this.#options.result({ workload: this.workload, name, of: contestant.name, profile: shares });
      }
    }
  }

  #told(text: string, done: number, of: number): void {
    this.progress(`${text} ${done}/${of}`);
  }

  /** The contestant, with its name on what goes wrong. */
  #named(contestant: Contestant): Contestant {
    return { ...contestant, sample: () => guarded(contestant, () => contestant.sample()) };
  }

  async #orSkip<T>(name: string, measure: () => Promise<T>): Promise<T | undefined> {
    try {
      return await measure();
    } catch (error) {
      if (!(error instanceof NotMeasuredOf)) throw error;
      const { contestant, message } = error;
      this.#options.result({
        workload: this.workload,
        name,
        of: contestant.name,
        skipped: message,
        ...(contestant.optional === true ? {} : { fault: true }),
      });
      return undefined;
    }
  }
}

class NotMeasuredOf extends NotMeasured {
  readonly contestant: Contestant;
  constructor(contestant: Contestant, cause: NotMeasured) {
    super(cause.message, { cause });
    this.contestant = contestant;
  }
}

async function guarded<T>(contestant: Contestant, measure: () => Promise<T>): Promise<T> {
  try {
    return await measure();
  } catch (error) {
    throw error instanceof NotMeasured ? new NotMeasuredOf(contestant, error) : error;
  }
}
