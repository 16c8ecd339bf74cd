import { readFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { HeddleError } from "@heddle/kernel";
import { checkDag, type CheckedDag, type DagCode } from "./config/check-dag.ts";
import type { DagConfig } from "./config/dag-config.ts";
import { dagError, type DagFault, type DagWarning, FaultList } from "./config/dag-fault.ts";
import { type DagWorkflow, dagWorkflow } from "./dag-workflow.ts";
import { type Environment, interpolate } from "./read/interpolate.ts";
import { type ReadText, readText, textLimits } from "./read/read-text.ts";

/** Code that the DAG names, and where its variables come from. */
export interface DagOptions extends DagCode {
  /** Values of the variables that the DAG's `env` allows. Default: `process.env`. */
  readonly env?: Environment;
}

export interface DagTextOptions extends DagOptions {
  /** What faults call the text. Default: the file's path, or `"The text"`. */
  readonly source?: string;
  /** Of the workflow, where the DAG has none. Default: made of the file's name, or `"dag"`. */
  readonly name?: string;
}

/** What is wrong with a DAG, and what may be. */
export interface DagFindings {
  readonly faults: readonly DagFault[];
  readonly warnings: readonly DagWarning[];
}

/**
 * A DAG of processors over one payload, as an object.
 *
 * @throws HeddleError `DAG_INVALID` with every fault in `data.faults`; `DAG_PROCESSOR_UNAVAILABLE` when all that is wrong is that nothing runs its processors
 */
export function dag(config: DagConfig, options: DagOptions = {}): DagWorkflow {
  return made(examine(config, options), "The DAG", "dag", options);
}

/** What is wrong with a DAG that is an object; nothing, if `dag` takes it. */
dag.validate = (config: unknown, options: DagOptions = {}): DagFindings => findings(examine(config, options));

/**
 * A DAG from a YAML or JSON file.
 *
 * @throws HeddleError as `dag` does, with line and column; `FILE_UNKNOWN`
 */
dag.load = async (path: string, options: DagTextOptions = {}): Promise<DagWorkflow> => {
  const name = basename(path, extname(path))
    .replaceAll(/[^A-Za-z0-9_.:/-]/g, "-")
    .replace(/^[^A-Za-z0-9_]+/, "");
  return dag.parse(await textOf(path, options.source ?? path), { name: name === "" ? "dag" : name, source: path, ...options });
};

/** A DAG from the text of a YAML or JSON file. @throws as `dag` does, with line and column */
dag.parse = async (text: string, options: DagTextOptions = {}): Promise<DagWorkflow> =>
  made(await examineText(text, options), options.source ?? "The text", options.name ?? "dag", options);

/** What is wrong with the text of a YAML or JSON file, with line and column. */
dag.check = async (text: string, options: DagTextOptions = {}): Promise<DagFindings> => findings(await examineText(text, options));

interface Examined {
  readonly checked: CheckedDag | undefined;
  readonly found: FaultList;
  /** Absent: the DAG was no text. */
  readonly text?: ReadText;
}

function examine(config: unknown, options: DagOptions, found = new FaultList()): Examined {
  const value = interpolate(config, options.env ?? process.env, found);
  const checked = checkDag(value, options, found);
  return { checked: found.all.length === 0 ? checked : undefined, found };
}

async function examineText(text: string, options: DagOptions): Promise<Examined> {
  const found = new FaultList();
  // A process that has no such file does not load it.
  const read = readText(await import("yaml"), text, found);
  if (read.value === undefined) return { checked: undefined, found, text: read };
  return { ...examine(read.value, options, found), text: read };
}

function made(examined: Examined, source: string, name: string, code: DagCode): DagWorkflow {
  const { faults, warnings } = findings(examined);
  if (examined.checked === undefined) throw dagError(source, faults);
  return dagWorkflow(examined.checked.config.name ?? name, examined.checked, code, warnings);
}

function findings({ found, text }: Examined): DagFindings {
  if (text === undefined) return { faults: found.all, warnings: found.warnings };
  const faults = found.all.map((fault) => (fault.line === undefined ? { ...fault, ...text.place(fault.path) } : fault));
  return { faults: faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)), warnings: found.warnings };
}

async function textOf(path: string, source: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= textLimits.bytes) return await readFile(path, "utf8");
    const fault: DagFault = {
      code: "abuse",
      path: "",
      line: 1,
      column: 1,
      message: `The file has ${size} bytes.`,
      mend: `Keep it below ${textLimits.bytes}.`,
    };
    throw dagError(source, [fault]);
  } catch (error) {
    if (error instanceof HeddleError) throw error;
    throw new HeddleError(
      "FILE_UNKNOWN",
      `The DAG ${source} cannot be read: ${(error as Error).message}. Check the path; it is read from the folder you are in.`,
      { cause: error, data: { file: source } },
    );
  }
}
