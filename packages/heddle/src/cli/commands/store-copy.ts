import { HeddleError, type RunStore } from "@heddle/kernel";
import type { CopyReport } from "../../engine/copy/copy-store.ts";
import { type Command, exitCode } from "../command.ts";
import { CopyScreen } from "../copy/copy-screen.ts";
import { storeName } from "../copy/store-name.ts";
import type { Interruption, Io } from "../io.ts";
import { readArguments, usage } from "../read-arguments.ts";
import { checkThere, storeAddress } from "../store-location.ts";
import { formatLine } from "../text/line.ts";

const options = {
  undo: { type: "boolean", says: "Take back a copy that has not come to its end: FROM is open again" },
  json: { type: "boolean", says: "One JSON object per step, then the result" },
} as const;

export const storeCopy: Command = {
  name: "store copy",
  summary: "Move all runs to another store, compare them there, and let them go on there",
  usage: "store copy FROM TO [--undo] [--json]",
  group: "Stores",
  options,
  examples: [
    ["store copy sqlite:.heddle/heddle.db postgres://db.example.com/app", "from this machine to a cluster"],
    ["store copy postgres://db.example.com/app sqlite:copy.db", "and back, into a new file"],
  ],
  notes: [
    "FROM takes no more writes from the first run on that is copied: no run goes on in both stores. It stays where it is and can be read. Stop the processes that run its runs first.",
    "Interrupted or killed, the same command goes on where it stopped. Runs that TO holds already are not touched.",
  ],
  async run(io) {
    const { values, positionals } = readArguments(storeCopy, options, io, { least: 2, most: 2 });
    const [fromUrl = "", toUrl = ""] = positionals;
    const [fromName, toName] = [storeName(fromUrl, io), storeName(toUrl, io)];
    if (fromName === toName) throw usage(storeCopy, `FROM and TO are the same store, ${fromName}.`);
    for (const url of [fromUrl, toUrl])
      if (url === "memory:") throw usage(storeCopy, "memory: keeps nothing once this command has ended; name a store that does.");
    checkThere(fromUrl, io);

    await using from = await io.openStore(storeAddress(fromUrl, io));
    await using to = await io.openStore(storeAddress(toUrl, io));
    const ends = { from, to, fromName, toName };
    return await (values.undo === true ? undo(ends, values.json === true, io) : copy(ends, values.json === true, io));
  },
};

interface Ends {
  readonly from: RunStore;
  readonly to: RunStore;
  readonly fromName: string;
  readonly toName: string;
}

async function copy(ends: Ends, json: boolean, io: Io): Promise<number> {
  // Loaded where it is asked for: no other command has to wait for it.
  const { copyStore } = await import("../../engine/copy/copy-store.ts");
  using screen = new CopyScreen(io, json);
  try {
    const report = await copyStore({
      ...ends,
      clock: io.clock,
      signal: io.interrupted,
      onProgress: (progress) => screen.show(progress),
    });
    screen[Symbol.dispose]();
    tell(report, ends, json, io);
    return report.damaged.length + report.damagedValues.length === 0 ? exitCode.done : exitCode.failed;
  } catch (error) {
    if (!io.interrupted.aborted || error instanceof HeddleError) throw error;
    screen[Symbol.dispose]();
    io.err("Stopped. Nothing goes on in either store; the same command goes on with the copy, and with --undo it is taken back.");
    return (io.interrupted.reason as Interruption).exitCode;
  }
}

async function undo(ends: Ends, json: boolean, io: Io): Promise<number> {
  const { undoCopy } = await import("../../engine/copy/copy-store.ts");
  const removed = await undoCopy(ends);
  if (json) io.out(JSON.stringify({ type: "result", status: removed === null ? "nothing" : "undone", removed: removed ?? 0 }));
  else if (removed === null) io.out(`No copy of ${ends.fromName} was under way.`);
  else io.out(`${ends.fromName} is open again; ${removed} runs were removed from ${ends.toName}.`);
  return exitCode.done;
}

function tell(report: CopyReport, { fromName, toName }: Ends, json: boolean, io: Io): void {
  const { glyphs } = io.style;
  if (json) {
    io.out(JSON.stringify({ type: "result", status: "moved", from: fromName, to: toName, ...report }));
    return;
  }
  if (report.again) {
    io.out(`The ${report.runs} runs of ${fromName} were moved to ${toName} before; they go on there.`);
    return;
  }
  const counts = Object.entries(report.statuses)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
  const same = report.runs - report.damaged.length;
  io.out(formatLine([[glyphs.done, "good"], [` ${same} runs are the same in both${counts === "" ? "" : `: ${counts}`}`]], io.style));
  io.out(`  ${report.folded} states told from both journals, ${report.values} values, digest ${report.digest.slice(0, 16)}`);
  for (const { runId, message } of report.damaged) io.err(`JOURNAL_CORRUPT: run ${runId} stays in ${fromName}. ${message}`);
  for (const { message } of report.damagedValues) io.err(`JOURNAL_CORRUPT: ${message}`);
  io.out(`They go on at ${toName}; ${fromName} takes no more writes. Open the other from now on.`);
}
