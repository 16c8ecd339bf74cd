import { type Command, exitCode } from "../command.ts";
import { NextSteps } from "../next-steps.ts";
import { readArguments } from "../read-arguments.ts";
import { reportSent } from "../report-sent.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";

const options = {
  accept: { type: "boolean", says: "Take the code as it is now: recorded operations that it no longer has are left out from here on" },
  store: storeOption,
} as const;

export const resume: Command = {
  name: "resume",
  summary: "Let a paused run go on",
  usage: "resume RUN [--accept] [options]",
  group: "Act on a run",
  options,
  examples: [
    ["resume order-7", "after the cause is mended, or a pause is over"],
    ["resume order-7 --accept", "go on with changed code"],
  ],
  notes: [
    "A run whose code no longer fits its history pauses instead of guessing; show tells the difference. Put the code back and resume, or accept the code as it is, or fork the run before the difference.",
  ],
  async run(io) {
    const { values, positionals } = readArguments(resume, options, io, { least: 1, most: 1 });
    const [runId = ""] = positionals;
    await using engine = await openToLook(storeUrl(values.store, io), io);
    const run = await engine.get(runId);
    await engine.resume(runId, values.accept ? { accept: true } : {});
    await reportSent(`Resumed ${runId}.`, engine, run, new NextSteps(io, values.store), io);
    return exitCode.done;
  },
};
