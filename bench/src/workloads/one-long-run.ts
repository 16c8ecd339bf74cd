import { join } from "node:path";
import { dataFolder } from "../data-folder.ts";
import { runChild } from "../child-process.ts";
import { type Contestant, NotMeasured, runDriver, type Sample } from "../sample.ts";
import { column } from "../sitting.ts";
import { comparisons, type Workload } from "../workload.ts";

export const oneLongRun: Workload = {
  id: "W5",
  title: "SQLite, fsync: one run of 100,000 durable steps, killed at 90,000 and resumed",
  async measure(bench, peers) {
    const steps = bench.quick ? 10_000 : 100_000;
    const segment = steps / 10;
    const name = `${steps.toLocaleString("en-US")} steps`;
    const inFolder = async (what: string, profile?: string): Promise<Sample> => {
      using folder = dataFolder();
      return runDriver({
        driver: "heddle/long-run.ts",
        parameters: { folder: folder.path, steps, segment, what },
        ...(profile === undefined ? {} : { profile }),
        timeoutMs: 900_000,
      });
    };
    const ours: Contestant = {
      name: "Heddle",
      sample: () => inFolder("run"),
      profile: (folder) => inFolder("run", folder),
    };
    const samples = await bench.alone(name, ours, bench.quick ? 1 : comparisons);
    if (samples !== undefined) {
      bench.figure(ours, samples, "wallUsPerStep", { name, unit: "µs a step" });
      bench.figure(ours, samples, "growth", { name: `${name}, the last tenth to the first`, unit: "times", bar: "w5-linear" });
      bench.figure(ours, samples, "bytesPerStep", { name: `${name}, store`, unit: "bytes a step", bar: "w5-bytes" });
    }

    const at = 0.9 * steps;
    const killed = `killed with SIGKILL in step ${at.toLocaleString("en-US")}`;
    // Beside each resume: reading the tail of the very store that is resumed, and a start of the same program that has nothing to resume.
    const crashIn = async (folder: string) => {
      const parameters = { folder, steps, segment, at };
      const driver = join(import.meta.dirname, "..", "..", "drivers", "drive.ts");
      const crash = await runChild({
        args: ["--no-warnings", driver, "heddle/long-run.ts", JSON.stringify({ ...parameters, what: "crash" })],
        timeoutMs: 900_000,
      });
      if (crash.signal !== "SIGKILL") {
        throw new NotMeasured(`the run was not killed in step ${at}: ${crash.stderr.trim().split("\n").at(0) ?? ""}`);
      }
      return parameters;
    };
    const resumed: Contestant = {
      name: "Heddle",
      profile: async (profile) => {
        using folder = dataFolder();
        const parameters = await crashIn(folder.path);
        await runDriver({ driver: "heddle/long-run.ts", parameters: { ...parameters, what: "recover" }, profile });
      },
      sample: async () => {
        using folder = dataFolder();
        using empty = dataFolder();
        const parameters = await crashIn(folder.path);
        const { readTailMs = Number.NaN } = await runDriver({ driver: "floor/read-tail.ts", parameters: { folder: folder.path } });
        const fresh = await runDriver({ driver: "heddle/long-run.ts", parameters: { ...parameters, folder: empty.path, what: "fresh" } });
        const resume = await runDriver({ driver: "heddle/long-run.ts", parameters: { ...parameters, what: "resume" }, timeoutMs: 900_000 });
        const { processToFirstStepMs = Number.NaN } = resume;
        const { processToFirstStepMs: freshStartMs = Number.NaN } = fresh;
        return { ...resume, readTailMs, freshStartMs, overTail: (processToFirstStepMs - freshStartMs) / readTailMs };
      },
    };
    const resumes = await bench.alone(killed, resumed, bench.quick ? 3 : bench.pairs);
    if (resumes !== undefined) {
      bench.figure(resumed, resumes, "processToFirstStepMs", { name: `${killed}, process start to first new step`, unit: "ms" });
      bench.figure(resumed, resumes, "freshStartMs", {
        name: "process start to the first step of a new run",
        unit: "ms",
        note: "the same program, from its sources",
      });
      bench.figure(resumed, resumes, "openToFirstStepMs", { name: `${killed}, open to first new step`, unit: "ms" });
      const tail = column(resumes, "readTailMs");
      bench.give("reading the tail", tail, {
        name: killed,
        unit: "ms",
        note: "events since the segment began, read from the file and parsed",
      });
      bench.give(resumed, column(resumes, "overTail"), {
        name: `${killed}, less process start`,
        unit: "times",
        against: "reading the tail",
        bar: "w5-resume",
      });
    }

    const restate = peers.own("Restate", "restate", ["W5"], (lines) => {
      const line = lines.find(({ metric }) => metric === "loop10k");
      return typeof line?.["us_per_step"] === "number" ? { wallUsPerStep: line["us_per_step"] } : undefined;
    });
    const others = await bench.alone("10,000 steps", restate, 1);
    if (others !== undefined) bench.figure(restate, others, "wallUsPerStep", { name: "10,000 steps", unit: "µs a step" });
  },
};
