import { dataFolder } from "../data-folder.ts";
import { runDriver, type Contestant } from "../sample.ts";
import { comparisons, type Workload } from "../workload.ts";

export const parkedRuns: Workload = {
  id: "W6",
  title: "SQLite, fsync: runs parked on a signal, then all signalled",
  async measure(bench) {
    const runs = 10_000;
    const name = `${runs.toLocaleString("en-US")} parked`;
    const sample = (profile?: string) => {
      const folder = dataFolder();
      return runDriver({
        driver: "heddle/parked-runs.ts",
        parameters: { folder: folder.path, runs },
        ...(profile === undefined ? {} : { profile }),
      }).finally(() => folder[Symbol.dispose]());
    };
    const ours: Contestant = {
      name: "Heddle",
      sample: () => sample(),
      profile: (folder) => sample(folder),
    };
    const samples = await bench.alone(name, ours, bench.quick ? 1 : comparisons);
    if (samples === undefined) return;
    bench.figure(ours, samples, "heapBytesPerRun", {
      name: `${name}, heap`,
      unit: "bytes a run",
      bar: "w6-heap",
      note: "heap and buffers after collection, the second half of the runs against the first: the bounded cache is full by then",
    });
    bench.figure(ours, samples, "storeBytesPerRun", { name: `${name}, store`, unit: "bytes a run", bar: "w6-store" });
    bench.figure(ours, samples, "parkedPerSecond", { name: `${name}, started and parked`, unit: "runs/s" });
    bench.figure(ours, samples, "sentPerSecond", { name: `${name}, signals sent`, unit: "signals/s" });
    bench.figure(ours, samples, "cpuUsPerRun", { name: `${name}, signalled and completed, CPU`, unit: "µs a run" });
    bench.figure(ours, samples, "completedPerSecond", { name: `${name}, signalled and completed`, unit: "runs/s", bar: "w6-rate" });
  },
};
