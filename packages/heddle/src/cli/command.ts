import type { Io } from "./io.ts";

/** What the process ends with. */
export const exitCode = { done: 0, failed: 1, usage: 2, waiting: 3, interrupted: 130 } as const;

/** One verb of the command line: a value, so that tests call it without a process. */
export interface Command {
  /** One word, or two: `store copy`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Without the program's name: `run FILE[#export] [options]`. */
  readonly usage: string;
  /** Where it stands in the list of commands. */
  readonly group: CommandGroup;
  readonly options: OptionTable;
  /** Without the program's name. The first is the most common use. */
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** Sentences that the options cannot carry. */
  readonly notes?: readonly string[];
  /** Returns the exit code. What goes wrong on purpose is thrown as a HeddleError. */
  run(io: Io): Promise<number>;
}

export type CommandGroup = "Run" | "Look" | "Act on a run" | "Stores" | "Check";

/** Options by long name. */
export type OptionTable = Readonly<Record<string, Option>>;

export type Option =
  | { readonly type: "boolean"; readonly says: string; readonly short?: string }
  | { readonly type: "string"; readonly value: string; readonly says: string; readonly short?: string; readonly multiple?: true };
