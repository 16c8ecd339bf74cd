import { HeddleError } from "@heddle/kernel";

/** One thing wrong with a DAG. */
export interface DagFault {
  readonly code: DagFaultCode;
  /** Where, as a JSON Pointer (RFC 6901): `/processors/0/depends_on/1`. Empty: the file as a whole. */
  readonly path: string;
  /** Where in the text, both from 1; absent for a DAG that was given as an object. */
  readonly line?: number;
  readonly column?: number;
  /** The file, where it is another one than that which was asked about. */
  readonly source?: string;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** What to do about it, in a sentence. */
  readonly mend: string;
  /** The nodes of a cycle in the order in which they would run, the first repeated at the end. */
  readonly cycle?: readonly string[];
}

/** Kinds of faults. They never change their names. */
export type DagFaultCode =
  /** The text is no YAML or JSON. */
  | "syntax"
  /** The text asks for more than a configuration needs: size, depth, aliases, tags. */
  | "abuse"
  | "duplicate-key"
  | "unknown-key"
  | "missing-key"
  /** A value of the wrong type or out of its range. */
  | "value"
  | "variable"
  | "duplicate-id"
  | "unknown-node"
  | "cycle"
  | "no-entry"
  | "payload-conflict"
  | "unknown-processor"
  | "processor-unavailable"
  | "option"
  | "unknown-pool"
  | "too-many-nodes";

/** Something that is allowed and may not be what was meant. */
export interface DagWarning {
  readonly code: "diamond" | "merge-unused" | "pool-unused" | "variable-unused" | "concurrency-raised";
  readonly path: string;
  readonly message: string;
}

export type Path = readonly (string | number)[];

/** Faults as they are found; paths are written out for faults alone. */
export class FaultList {
  readonly all: DagFault[] = [];
  readonly warnings: DagWarning[] = [];

  add(
    code: DagFaultCode,
    path: Path,
    message: string,
    mend: string,
    more: Pick<DagFault, "cycle" | "line" | "column" | "source"> = {},
  ): void {
    this.all.push({ code, path: pointerOf(path), message, mend, ...more });
  }

  /** What was found in a part, as found here. */
  takeFrom(inner: FaultList, path: Path): void {
    const prefix = pointerOf(path);
    for (const fault of inner.all) this.all.push({ ...fault, path: fault.source === undefined ? `${prefix}${fault.path}` : fault.path });
    for (const warning of inner.warnings) this.warnings.push({ ...warning, path: `${prefix}${warning.path}` });
  }

  warn(code: DagWarning["code"], path: Path, message: string): void {
    this.warnings.push({ code, path: pointerOf(path), message });
  }
}

export function pointerOf(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

export function pathOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A value as it stands in a fault's sentence. */
export function shown(value: unknown): string {
  if (value === undefined) return "absent";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value === null || typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Faults that a message lists; `data.faults` has them all. */
const mostListed = 20;

/** All faults as one error. `DAG_PROCESSOR_UNAVAILABLE` when nothing else is wrong. */
export function dagError(source: string, faults: readonly DagFault[]): HeddleError {
  const lines = faults.slice(0, mostListed).map((fault) => `  ${placeOf(source, fault)}: ${fault.message} ${fault.mend}`);
  if (faults.length > mostListed) lines.push(`  … and ${faults.length - mostListed} more.`);
  const code = faults.every((fault) => fault.code === "processor-unavailable") ? "DAG_PROCESSOR_UNAVAILABLE" : "DAG_INVALID";
  const message = `${source} has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${lines.join("\n")}`;
  return new HeddleError(code, message, { data: { source, faults } });
}

/** `file:line:column`, or the JSON Pointer where there is no text. */
export function placeOf(
  asked: string,
  { source = asked, line, column, path }: Pick<DagFault, "line" | "column" | "path" | "source">,
): string {
  if (line !== undefined) return `${source}:${line}:${column ?? 1}`;
  return path === "" ? source : path;
}
