import { HeddleError } from "@heddle/kernel";

/** One thing wrong with a recorded workflow. */
export interface WorkloadFault {
  readonly code: WorkloadFaultCode;
  /** Where, as a JSON Pointer (RFC 6901); of a file with an object a line, `/` and the line's number from 1 come first. */
  readonly path: string;
  /** What is wrong, in a sentence. */
  readonly message: string;
}

/** Kinds of faults. They never change their names. */
export type WorkloadFaultCode =
  /** The text is no JSON. */
  | "syntax"
  /** The version of the format is none that is read here. */
  | "version"
  | "missing-key"
  /** A value of the wrong type or out of its range. */
  | "value"
  | "duplicate-id"
  | "unknown-task"
  /** A task without a record of its run, or a record without a task. */
  | "unmatched"
  /** Parents and children do not say the same. */
  | "children"
  | "cycle";

/** So many faults stand in the message. */
const mostShown = 20;

/** The faults of one file, as they are found. */
export class WorkloadFaults {
  readonly all: WorkloadFault[] = [];

  add(code: WorkloadFaultCode, path: string, message: string): void {
    this.all.push({ code, path, message });
  }

  /** @throws HeddleError `WORKLOAD_INVALID` if there are any */
  check(source: string): void {
    if (this.all.length === 0) return;
    const shown = this.all.slice(0, mostShown).map(({ path, message }) => `  ${path === "" ? "" : `${path}: `}${message}`);
    if (this.all.length > mostShown) shown.push(`  and ${this.all.length - mostShown} more`);
    const count = this.all.length === 1 ? "a fault" : `${this.all.length} faults`;
    throw new HeddleError("WORKLOAD_INVALID", `${source} has ${count}:\n${shown.join("\n")}`, {
      data: { faults: this.all },
    });
  }
}
