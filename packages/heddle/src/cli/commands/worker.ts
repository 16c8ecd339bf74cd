import { type Capabilities, type HeddleError, nameOfNode } from "@heddle/kernel";
import type { Engine, RunNews } from "../../engine/engine.ts";
import { type Command, exitCode } from "../command.ts";
import type { Io } from "../io.ts";
import { loadWorkflows } from "../load-definition.ts";
import { type OptionValues, readArguments, readCount, readPair, usage } from "../read-arguments.ts";
import { openToRun, storeOption, storeUrl } from "../store-location.ts";
import { formatWholeSeconds } from "../text/format-time.ts";
import { formatLine, type Span } from "../text/line.ts";
import { statusIcon } from "./runs.ts";

const options = {
  queue: {
    type: "string",
    value: "NAME",
    says: "Take up runs of this queue; more than once for several. Default: default",
    multiple: true,
    short: "q",
  },
  concurrency: { type: "string", value: "COUNT", says: "At most so many runs under way at once. Default 1000" },
  executor: { type: "string", value: "NAME", says: "This worker has this executor; more than once for several", multiple: true },
  cpus: { type: "string", value: "COUNT", says: "CPUs that it has, for runs that demand some" },
  memory: { type: "string", value: "MB", says: "Megabytes of memory that it has" },
  gpus: { type: "string", value: "COUNT", says: "GPUs that it has" },
  label: { type: "string", value: "KEY=VALUE", says: "Label that it has; more than once for several", multiple: true },
  node: { type: "string", value: "NAME", says: "Its name in the store. Default: made of machine and process" },
  store: storeOption,
} as const;

/** How long a worker that is asked to stop waits for what runs. What does not end by then goes to another. */
const drainMs = 10_000;

type Values = OptionValues<typeof options>;

export const worker: Command = {
  name: "worker",
  summary: "Take up runs of queues, until it is stopped",
  usage: "worker FILE… [--queue NAME]… [options]",
  group: "Run",
  options,
  examples: [
    ["worker flows.ts", "runs of all workflows that the file exports"],
    ["worker flows.ts --queue gpu --gpus 1 --concurrency 1", "one at a time, of those that need a GPU"],
    ["worker flows.ts more.ts --label zone=a", "of several files, for runs that are meant for zone a"],
  ],
  notes: [
    "Ctrl-C and SIGTERM let what runs have ten seconds to end; what does not is taken up by another worker. Pressed again, it stops at once.",
    "It takes up only runs of workflows that its files export, and of those that these call.",
  ],
  async run(io) {
    const { values, positionals } = readArguments(worker, options, io, { least: 1, most: Number.POSITIVE_INFINITY });
    const url = storeUrl(values.store, io);
    if (url === "memory:")
      throw usage(worker, "a worker needs a store that other processes open too, and memory: is not; use sqlite:PATH.");
    const concurrency = readCount(worker, "--concurrency", values.concurrency, 1);
    const capabilities = readCapabilities(values);
    const workflows = new Set((await Promise.all(positionals.map((file) => loadWorkflows(file, io)))).flat());
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    const engine = await openToRun(url, io, {
      workflows: [...workflows],
      capabilities,
      drainMs,
      ...(values.queue === undefined ? null : { queues: values.queue }),
      ...(concurrency === undefined ? null : { concurrency }),
      ...(values.node === undefined ? null : { node: values.node }),
      onRun: (news) => io.out(newsLine(news, io)),
      onFailure: (error: HeddleError) => failed.reject(error),
    });
    try {
      io.out(readyLine(engine, values.queue ?? ["default"], [...new Set([...workflows].map(({ name }) => name))]));
      await Promise.race([failed.promise, stopped(io)]);
      io.err(`Stopping: what runs has ${formatWholeSeconds(drainMs)} to end; Ctrl-C again stops at once`);
    } finally {
      await engine.close();
    }
    return exitCode.done;
  },
};

function readCapabilities(values: Values): Capabilities {
  const cpus = readCount(worker, "--cpus", values.cpus, 0);
  const memoryMb = readCount(worker, "--memory", values.memory, 0);
  const gpus = readCount(worker, "--gpus", values.gpus, 0);
  return {
    ...(values.executor === undefined ? null : { executors: values.executor }),
    ...(cpus === undefined ? null : { cpus }),
    ...(memoryMb === undefined ? null : { memoryMb }),
    ...(gpus === undefined ? null : { gpus }),
    ...(values.label === undefined ? null : { labels: Object.fromEntries(values.label.map((pair) => readPair(worker, "--label", pair))) }),
  };
}

function readyLine({ node }: Engine, queues: readonly string[], workflows: readonly string[]): string {
  return `${nameOfNode(node)} serves ${queues.length === 1 ? "queue" : "queues"} ${queues.join(", ")} with ${workflows.join(", ")}. Ctrl-C stops it.`;
}

function newsLine({ runId, workflow, what }: RunNews, { style }: Io): string {
  const ofWorkflow = runId.startsWith(workflow) ? "" : `  of ${workflow}`;
  return formatLine([iconOf(what, style), [runId, "strong"], [`  ${words[what] ?? what}${ofWorkflow}`]], style);
}

const words: Partial<Record<RunNews["what"], string>> = { parked: "waits", lost: "given up" };

function iconOf(what: RunNews["what"], { glyphs }: Io["style"]): Span {
  if (what === "lost") return [`${glyphs.warn} `, "warn"];
  const [icon, tone] = statusIcon(what === "begun" ? "running" : what === "parked" ? "waiting" : what, glyphs);
  return [`${icon} `, tone];
}

function stopped(io: Io): Promise<void> {
  return new Promise((resolve) => {
    if (io.interrupted.aborted) resolve();
    else io.interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
}
