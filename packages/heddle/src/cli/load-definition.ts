import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HeddleError } from "@heddle/kernel";
import { dag } from "../dag/dag.ts";
import type { DagWorkflow } from "../dag/dag-workflow.ts";
import type { Workflow } from "../workflow/workflow.ts";
import type { Io } from "./io.ts";
import { nearestNames, orList } from "./nearest-names.ts";
import { parseJson } from "./parse-json.ts";

/** What a file defines. */
export type Definition =
  | {
      readonly kind: "workflow";
      readonly workflow: Workflow;
      readonly source: string /** All that the file exports: runs of them may be started by this one. */;
      readonly workflows: readonly Workflow[];
    }
  /** A DAG file. */
  | { readonly kind: "dag"; readonly workflow: DagWorkflow; readonly source: string; readonly workflows: readonly Workflow[] }
  /** A plan as data, not yet checked. */
  | { readonly kind: "plan"; readonly plan: unknown; readonly source: string };

/**
 * Load `FILE` or `FILE#export`: a module (`.ts`, `.js`, `.mjs`) that exports workflows, a DAG (`.yaml`, `.yml`, `.json`) or a plan (`.json`). Without a
 * name the default export is meant, or the only workflow there is.
 *
 * @throws HeddleError `FILE_UNKNOWN`, naming near ones; `FILE_FAILED` when the module cannot be loaded; `EXPORT_UNKNOWN`,
 *   listing the exports; `JSON_INVALID`; `DAG_INVALID`
 */
export async function loadDefinition(argument: string, io: Pick<Io, "cwd" | "env">): Promise<Definition> {
  const { file, exported } = splitName(argument, io.cwd);
  const path = resolve(io.cwd, file);
  if (!existsSync(path)) throw unknownFile(file, path);
  if (statSync(path).isDirectory()) throw new HeddleError("FILE_UNKNOWN", `${file} is a folder; name a file in it.`, { data: { file } });
  const source = (name?: string): string => relative(io.cwd, path) + (name === undefined ? "" : `#${name}`);
  if (await isDagFile(path)) {
    const workflow = await dag.load(path, { source: source(), env: io.env });
    return { kind: "dag", workflow, source: source(), workflows: [workflow] };
  }
  if (extname(path) === ".json") return { kind: "plan", plan: parseJson(await readFile(path, "utf8"), file), source: source() };

  const module = await importModule(path, file);
  const workflows = new Map(Object.entries(module).filter((entry): entry is [string, Workflow] => isWorkflow(entry[1])));
  const name =
    exported ?? (workflows.has("default") ? "default" : new Set(workflows.values()).size === 1 ? [...workflows.keys()][0] : undefined);
  const workflow = name === undefined ? undefined : workflows.get(name);
  if (workflow === undefined) throw unknownExport(file, exported, Object.keys(module), [...workflows.keys()]);
  return { kind: "workflow", workflow, source: source(exported), workflows: [...new Set(workflows.values())] };
}

/**
 * All workflows that `FILE` exports, or the one of `FILE#export`.
 *
 * @throws as `loadDefinition` does; `EXPORT_UNKNOWN` also of a file that exports none
 */
export async function loadWorkflows(argument: string, io: Pick<Io, "cwd" | "env">): Promise<readonly Workflow[]> {
  const { file, exported } = splitName(argument, io.cwd);
  if (exported === undefined) {
    const path = resolve(io.cwd, file);
    if (!existsSync(path)) throw unknownFile(file, path);
    if (![".json", ...yamlEndings].includes(extname(path)) && !statSync(path).isDirectory()) {
      const module = await importModule(path, file);
      const workflows = new Set(Object.values(module).filter(isWorkflow));
      if (workflows.size === 0) throw unknownExport(file, undefined, Object.keys(module), []);
      return [...workflows];
    }
  }
  const definition = await loadDefinition(argument, io);
  if (definition.kind !== "plan") return [definition.workflow];
  throw new HeddleError("EXPORT_UNKNOWN", `${file} is a plan without code: name a module that exports workflows.`, { data: { file } });
}

const yamlEndings: readonly string[] = [".yaml", ".yml"];

/** Whether a file is a DAG: YAML, or JSON with processors and without the mark of a plan. */
async function isDagFile(path: string): Promise<boolean> {
  if (yamlEndings.includes(extname(path))) return true;
  if (extname(path) !== ".json") return false;
  const text = await readFile(path, "utf8");
  return /"processors"\s*:/.test(text) && !/"heddle"\s*:/.test(text);
}

/** Where a DAG file is, and what to call it; null: the file is something else. */
export async function findDag(argument: string, cwd: string): Promise<{ readonly path: string; readonly source: string } | null> {
  const path = resolve(cwd, argument);
  if (!existsSync(path) || statSync(path).isDirectory() || !(await isDagFile(path))) return null;
  return { path, source: relative(cwd, path) };
}

function splitName(argument: string, cwd: string): { readonly file: string; readonly exported: string | undefined } {
  const at = argument.lastIndexOf("#");
  if (at < 1 || existsSync(resolve(cwd, argument))) return { file: argument, exported: undefined };
  return { file: argument.slice(0, at), exported: argument.slice(at + 1) };
}

function isWorkflow(value: unknown): value is Workflow {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { kind?: unknown }).kind === "workflow" &&
    typeof (value as { run?: unknown }).run === "function"
  );
}

async function importModule(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw new HeddleError("FILE_FAILED", `${file} cannot be loaded: ${loadFault(error)}`, {
      cause: error,
      data: { file, where: places(error, path) },
    });
  }
}

function loadFault(error: unknown): string {
  if (!(error instanceof Error)) return `it throws ${String(error)}.`;
  const code = (error as { code?: unknown }).code;
  const [message = ""] = error.message.split("\n");
  const missing = /Cannot find (?:package|module) '([^']+)'/u.exec(message)?.[1];
  if (code === "ERR_MODULE_NOT_FOUND" && missing !== undefined) {
    return existsSync(dirname(missing)) && missing.startsWith("/")
      ? `it imports ${missing}, which is not there.`
      : `it imports ${missing}, which is not installed; install it with npm.`;
  }
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return `${message} Node runs TypeScript by leaving types out: enums, namespaces, decorators and parameter properties need another form.`;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") return "its kind is unknown; it must end in .ts, .mts, .js, .mjs, .json, .yaml or .yml.";
  return `${error.name}: ${message}`;
}

// Where in the user's own files it happened; a syntax error says so above its message.
function places(error: unknown, path: string): readonly string[] {
  const stack = error instanceof Error ? (error.stack ?? "").split("\n") : [];
  const url = pathToFileURL(path).href;
  return stack
    .filter((line) => line.includes(url) || line.includes(`${path}:`))
    .slice(0, 3)
    .map((line) => line.trim().replaceAll(url, basename(path)).replaceAll(path, basename(path)));
}

function unknownFile(file: string, path: string): HeddleError {
  const folder = dirname(path);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(?:m?ts|m?js|json|ya?ml)$/u.test(name)) : [];
  const near = nearestNames(basename(path), names).map((name) => join(dirname(file), name));
  const hint = existsSync(folder)
    ? near.length > 0
      ? ` Did you mean ${orList(near)}?`
      : ""
    : ` There is no folder ${dirname(file)} either.`;
  return new HeddleError("FILE_UNKNOWN", `There is no file ${file}.${hint || " Check the path; it is read from the folder you are in."}`, {
    data: { file, near },
  });
}

function unknownExport(file: string, exported: string | undefined, names: readonly string[], workflows: readonly string[]): HeddleError {
  const list =
    workflows.length > 0
      ? `it exports the workflows ${workflows.join(", ")}`
      : names.length > 0
        ? `it exports ${names.join(", ")}, none of them a workflow`
        : "it exports nothing";
  const data = { file, exports: names, workflows };
  if (exported === undefined) {
    const what =
      workflows.length > 1
        ? `${file} has several workflows and no default export: ${list}. Name one: ${file}#${workflows[0]}`
        : `${file} has no workflow: ${list}. Export one made with workflow(…)`;
    return new HeddleError("EXPORT_UNKNOWN", `${what}.`, { data });
  }
  if (names.includes(exported)) return new HeddleError("EXPORT_UNKNOWN", `${exported} in ${file} is no workflow; ${list}.`, { data });
  const near = nearestNames(exported, workflows);
  return new HeddleError(
    "EXPORT_UNKNOWN",
    `${file} has no export ${exported}; ${list}.${near.length > 0 ? ` Did you mean ${orList(near.map((name) => `${file}#${name}`))}?` : ""}`,
    { data },
  );
}
