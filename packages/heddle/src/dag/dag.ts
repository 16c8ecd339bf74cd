import { readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { hasCode, HeddleError } from "@heddle/kernel";
import { checkDag, type CheckedDag, type DagCode, deepestDag, innerCode, type LoadedDags } from "./config/check-dag.ts";
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
 * A DAG from a YAML or JSON file, and from those that it names.
 *
 * @throws HeddleError as `dag` does, with file, line and column; `FILE_UNKNOWN`
 */
dag.load = async (path: string, options: DagTextOptions = {}): Promise<DagWorkflow> =>
  made(await examineFile(path, options), options.source ?? path, options.name ?? nameOf(path), options);

/** What is wrong with a YAML or JSON file, and with those that it names. @throws HeddleError `FILE_UNKNOWN` */
dag.checkFile = async (path: string, options: DagTextOptions = {}): Promise<DagFindings> => findings(await examineFile(path, options));

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

function examine(config: unknown, options: DagOptions): Examined {
  const found = new FaultList();
  const value = interpolate(config, options.env ?? process.env, found);
  return { checked: checkDag(value, options, found), found };
}

async function examineText(text: string, options: DagOptions, folder: Folder | null = null): Promise<Examined> {
  const found = new FaultList();
  // A process that has no such file does not load it.
  const read = readText(await import("yaml"), text, found);
  if (read.value === undefined) return { checked: undefined, found, text: read };
  const value = interpolate(read.value, options.env ?? process.env, found);
  const loaded = folder === null ? new Map<number, CheckedDag | undefined>() : await loadNamed(value, options, folder, found);
  return { checked: checkDag(value, options, found, loaded), found, text: read };
}

/** Where a file stands. */
interface Folder {
  readonly path: string;
  /** What people call it. */
  readonly source: string;
  /** The files around it, itself included. */
  readonly within: readonly string[];
}

function examineFile(path: string, options: DagTextOptions, within: readonly string[] = []): Promise<Examined> {
  const source = options.source ?? path;
  const whole = resolve(path);
  return textOf(path, source).then((text) => examineText(text, options, { path: dirname(whole), source, within: [...within, whole] }));
}

/** The DAGs of other files that nodes name. Their faults are told with their own places. */
async function loadNamed(value: unknown, options: DagOptions, { path, source, within }: Folder, found: FaultList): Promise<LoadedDags> {
  const loaded = new Map<number, CheckedDag | undefined>();
  const nodes: unknown = (value as { readonly processors?: unknown } | null)?.processors;
  if (!Array.isArray(nodes)) return loaded;
  for (const [index, node] of nodes.entries()) {
    const named: unknown = (node as { readonly dag?: unknown } | null)?.dag;
    if (typeof named !== "string" || named === "") continue;
    loaded.set(index, undefined);
    const place = ["processors", index, "dag"];
    const other = resolve(path, named);
    if (within.includes(other)) {
      found.add("cycle", place, `The DAG ${named} is one that this one is part of.`, "A DAG cannot hold itself: take it out.");
    } else if (within.length > deepestDag) {
      found.add("abuse", place, `DAGs stand more than ${deepestDag} deep in one another.`, "Make them flatter.");
    } else {
      const called = join(dirname(source), named);
      try {
        const inner = await examineFile(other, { ...innerCode(options), source: called }, within);
        loaded.set(index, inner.checked);
        for (const fault of findings(inner).faults) found.all.push({ source: called, ...fault });
      } catch (error) {
        if (!hasCode(error, "FILE_UNKNOWN") && !hasCode(error, "DAG_INVALID")) throw error;
        found.add("value", place, (error as Error).message, "Correct the path; it is read from the folder of the file that names it.");
      }
    }
  }
  return loaded;
}

function made(examined: Examined, source: string, name: string, code: DagCode): DagWorkflow {
  const { faults, warnings } = findings(examined);
  if (examined.checked === undefined || faults.length > 0) throw dagError(source, faults);
  return dagWorkflow(examined.checked.config.name ?? name, examined.checked, code, warnings);
}

function findings({ found, text }: Examined): DagFindings {
  if (text === undefined) return { faults: found.all, warnings: found.warnings };
  const faults = found.all.map((fault) =>
    fault.line === undefined && fault.source === undefined ? { ...fault, ...text.place(fault.path) } : fault,
  );
  return { faults: faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)), warnings: found.warnings };
}

function nameOf(path: string): string {
  const name = basename(path, extname(path))
    .replaceAll(/[^A-Za-z0-9_.:/-]/g, "-")
    .replace(/^[^A-Za-z0-9_]+/, "");
  return name === "" ? "dag" : name.slice(0, 128);
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
