import { dirname, join } from "node:path";
import { hasCode, HeddleError } from "@heddle/kernel";
import type { AnswerInput, Engine, RunHandle } from "../../engine/engine.ts";
import { realRandom } from "../../engine/real-random.ts";
import type { OpenQuestion } from "../ask/open-question.ts";
import { type Command, exitCode } from "../command.ts";
import type { Io } from "../io.ts";
import { type Definition, loadDefinition } from "../load-definition.ts";
import { fileTag, NextSteps, stepLines } from "../next-steps.ts";
import { type OptionValues, readArguments, readPair, usage } from "../read-arguments.ts";
import { readInput } from "../read-input.ts";
import { captureLines } from "../watch/capture-lines.ts";
import { formatWholeSeconds } from "../text/format-time.ts";
import { openToRun, sqliteFile, storeOption, storeUrl } from "../store-location.ts";
import { LiveFeed } from "../watch/live-feed.ts";
import { reportEnding, reportEndingAsJson } from "../watch/report-ending.ts";
import { jsonReporter, liveReporter, plainReporter, type RunReporter } from "../watch/run-reporter.ts";
import { watchRun } from "../watch/watch-run.ts";

const options = {
  input: { type: "string", value: "JSON|@FILE|-", says: "What the workflow gets: JSON, a file, or standard input", short: "i" },
  id: {
    type: "string",
    value: "ID",
    says: "Name of the run. A run of that name that has not ended goes on. Default: the workflow's name and five letters",
  },
  store: storeOption,
  tag: { type: "string", value: "KEY=VALUE", says: "Mark the run; more than once for more tags", multiple: true },
  detach: { type: "boolean", says: "Run in the background and return at once", short: "d" },
  wait: { type: "boolean", says: "Keep waiting for people and signals, where no one can answer in place" },
  json: { type: "boolean", says: "One JSON object per line: events, then the result" },
} as const;

/** How long a person who pressed Ctrl-C waits for what runs to end. What does not end by then is done again. */
const drainMs = 3_000;

type Values = OptionValues<typeof options>;
type Input = { readonly value: unknown } | undefined;
type Loaded = Extract<Definition, { kind: "workflow" | "dag" }>;

export const run: Command = {
  name: "run",
  summary: "Run a workflow from a file, or go on with a run",
  usage: "run FILE[#export] [--input JSON|@FILE|-] [--id ID] [options]",
  group: "Run",
  options,
  examples: [
    [`run flow.ts --input '{"sku":"A1"}'`, "start a run"],
    ["run flow.ts#refund --input @order.json", "one of several workflows in a file"],
    [`run pipeline.yaml --input '"some text"'`, "a DAG file"],
    ["run flow.ts --id order-7", "begin it, or go on with it after a stop or a crash"],
    ["run flow.ts --detach", "in the background"],
    ["run flow.ts --json | jq .type", "for another program"],
  ],
  notes: [
    "In a terminal questions are answered in place. Elsewhere a run that can only go on when a person or a signal comes ends the command with 3 and the commands that answer; the run stays in the store.",
    "Ctrl-C stops cleanly and prints the command that goes on; pressed again it stops at once, and nothing that was recorded is lost.",
    "Exit codes: 0 completed, 1 failed, 2 wrong usage, 3 waits for a person or a signal, 130 interrupted.",
  ],
  async run(io) {
    const { values, positionals } = readArguments(run, options, io, { least: 1, most: 1 });
    const [file = ""] = positionals;
    if (values.detach && values.json)
      throw usage(run, "--detach and --json do not go together: a detached run writes its events to a file.");
    // Programs read nothing but objects: what user code prints, from the moment it is loaded, goes to standard error.
    using capturing = new DisposableStack();
    if (values.json) capturing.use(captureLines(io, (text) => io.err(text)));
    const definition = await loadDefinition(file, io);
    if (definition.kind === "plan")
      throw usage(run, `${file} is a plan without code, so it cannot run; "graph" draws it and "validate" checks it.`);
    const input = values.input === undefined ? undefined : { value: await readInput(values.input, "--input", io) };
    return await (values.detach ? detach(definition, input, values, io) : watch(definition, input, values, io));
  },
};

async function watch(definition: Loaded, input: Input, values: Values, io: Io): Promise<number> {
  const steps = new NextSteps(io, values.store);
  const runId = values.id ?? newId(definition);
  const feed = new LiveFeed(runId);
  const engine = await openToRun(storeUrl(values.store, io), io, { workflows: definition.workflows, onLive: feed.receive, drainMs });
  try {
    const there = await find(engine, runId);
    // Before the run begins: it may print and ask at once.
    using reporter = await reporterFor(engine, runId, there, values, io);
    const leaving = (): void =>
      reporter.notice([[`Stopping: what runs has ${formatWholeSeconds(drainMs)} to end; Ctrl-C again stops at once`, "warn"]]);
    io.interrupted.addEventListener("abort", leaving, { once: true });
    const handle = await begin(engine, there, runId, definition, input, values);
    const ending = await watchRun({
      engine,
      run: handle,
      io,
      reporter,
      feed,
      stay: values.wait === true,
    });
    // Before the screen is given up, so that it shows what is still let end.
    await engine.close();
    reporter[Symbol.dispose]();
    const ended = { runId, file: definition.source };
    return values.json ? reportEndingAsJson(ending, ended, steps, io) : reportEnding(ending, ended, steps, io);
  } finally {
    await engine.close();
  }
}

async function detach(definition: Loaded, input: Input, values: Values, io: Io): Promise<number> {
  const url = storeUrl(values.store, io);
  const file = sqliteFile(url, io.cwd);
  if (file === null) throw usage(run, `--detach needs a store that two processes can open, and ${url} is not; use sqlite:PATH.`);
  // Recorded here, so that what is wrong with it is said here, and the run is there when this returns.
  const runId = values.id ?? newId(definition);
  const engine = await openToRun(url, io, { workflows: definition.workflows, passive: true });
  try {
    await begin(engine, await find(engine, runId), runId, definition, input, values);
  } finally {
    await engine.close();
  }
  const logFile = join(dirname(file), `${runId.replaceAll(":", "_")}.log`);
  const processId = await io.detach(["run", definition.source, "--id", runId, "--store", `sqlite:${file}`, "--wait", "--json"], logFile);
  const steps = new NextSteps(io, values.store);
  const next = stepLines(
    [
      ["follow", steps.about("events", runId, "--follow")],
      ["look", steps.about("show", runId)],
      ["stop", steps.about("cancel", runId)],
    ],
    io,
  );
  io.out([`${runId} runs in process ${processId}; its events go to ${logFile}`, ...next].join("\n"));
  return exitCode.done;
}

// The run to watch: the one of this id if there is one, else a new one.
async function begin(
  engine: Engine,
  there: RunHandle | null,
  id: string,
  { workflow, source }: Loaded,
  input: Input,
  values: Values,
): Promise<RunHandle> {
  if (there !== null && input === undefined) {
    if (there.workflow === workflow.name) return there;
    throw new HeddleError(
      "RUN_EXISTS",
      `Run ${id} is of workflow "${there.workflow}", and ${source} defines "${workflow.name}": name its file, or give another --id.`,
      {
        data: { runId: id },
      },
    );
  }
  const tags = Object.fromEntries((values.tag ?? []).map((tag) => readPair(run, "--tag", tag)));
  return engine.start(workflow, input?.value, { id, tags: { [fileTag]: source, ...tags } });
}

async function find(engine: Engine, runId: string): Promise<RunHandle | null> {
  try {
    return await engine.get(runId);
  } catch (error) {
    if (hasCode(error, "RUN_UNKNOWN")) return null;
    throw error;
  }
}

async function reporterFor(engine: Engine, runId: string, there: RunHandle | null, values: Values, io: Io): Promise<RunReporter> {
  if (values.json) return jsonReporter(io, runId);
  if (io.screen === null) {
    const before = there === null ? null : { seq: (await there.state()).seq, ended: (await there.summary()).endedAtMs !== undefined };
    return plainReporter(io, runId, before);
  }
  const answer = (question: OpenQuestion, given: AnswerInput): Promise<void> => engine.answer(question.runId, question.key, given);
  return liveReporter({ ...io, screen: io.screen }, runId, answer);
}

function newId({ workflow }: Loaded): string {
  return `${workflow.name.replaceAll("/", "-").slice(0, 100)}-${shortName()}`;
}

// Five letters and digits, without those that are taken for others: 33 million names.
function shortName(): string {
  return realRandom.id().slice(0, 5);
}
