import type { Command } from "./command.ts";

/** What a child run ends with when one of its nodes returned a command for its parent graph. */
export interface ParentCommand {
  readonly "heddle:parent-command": { readonly update: unknown; readonly goto: Command["goto"] };
}

const key = "heddle:parent-command";

export function parentCommand({ update, goto }: Command): ParentCommand {
  return {
    [key]: { update, goto: goto.map((each) => (typeof each === "string" ? each : { node: each.node, input: each.input })) as never },
  };
}

export function isParentCommand(value: unknown): value is ParentCommand {
  return typeof value === "object" && value !== null && key in value;
}
