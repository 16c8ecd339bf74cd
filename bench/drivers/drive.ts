// The child's side of `runDriver`: node drive.ts DRIVER PARAMETERS
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Parameters, type Sample, sampleLine } from "../src/sample.ts";
import { timeFewCalls, timePerCall } from "../src/timing.ts";
import { layeredDag } from "./layered-dag.ts";

/** Handed to drivers that live elsewhere and cannot import it. */
const tools = { timeFewCalls, timePerCall, layeredDag };

const [driver = "", parameters = "{}"] = process.argv.slice(2);
const module = (await import(pathToFileURL(resolve(import.meta.dirname, driver)).href)) as {
  measure(parameters: Parameters, given: typeof tools): Promise<Sample>;
};
const sample = await module.measure(JSON.parse(parameters) as Parameters, tools);
process.stdout.write(`${sampleLine(sample)}\n`, () => process.exit(0));
