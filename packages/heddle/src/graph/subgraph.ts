import type { TaskContext } from "../engine/frame/task-context.ts";
import { checkWithSchema } from "../workflow/check-schema.ts";
import type { Workflow } from "../workflow/workflow.ts";
import type { StateChannel } from "./channel.ts";
import { command, send, type Command } from "./command.ts";
import { markFit } from "./fit-updates.ts";
import type { GraphShape } from "./graph-shape.ts";
import type { NodeDefinition } from "./node.ts";
import { isParentCommand } from "./parent-command.ts";

type State = Readonly<Record<string, unknown>>;

/** What a workflow needs to have for its keys to be passed in and out by themselves. */
interface HasShape {
  readonly shape: GraphShape;
}

/** The code of a node that is a workflow: a child run. What it was given and what it gives are fitted into the state. */
export function subgraphNode(
  parent: GraphShape,
  { name, run, options }: NodeDefinition,
): (state: never, ctx: TaskContext, sent: boolean) => Promise<unknown> {
  const workflow = run as Workflow<unknown, unknown>;
  const child = "shape" in workflow ? (workflow as unknown as HasShape).shape : null;
  const input = options.input as ((state: State) => unknown) | undefined;
  const output = options.output as ((result: unknown, state: State) => unknown) | undefined;
  const { input: schema } = workflow.options;
  return async (given, ctx, sent) => {
    const state = given as State;
    const passed =
      input !== undefined ? input(state) : sent ? given : child === null ? visible(parent, state) : sharedInput(parent, child, state);
    if (schema !== undefined) await checkWithSchema(schema, passed, `the input of "${workflow.name}"`);
    const result = await ctx.call(name, workflow, passed);
    if (isParentCommand(result)) return asOwn(result["heddle:parent-command"]);
    if (output !== undefined) return output(result, state);
    if (child === null) return result;
    return markFit(sharedOutput(parent, child, isObject(passed) ? passed : {}, result as State));
  };
}

function isObject(value: unknown): value is State {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What others than the graph's own nodes may see of its state. */
function visible({ private: hidden }: GraphShape, state: State): State {
  return Object.fromEntries(Object.entries(state).filter(([key]) => !hidden.includes(key)));
}

/** The keys that both have and neither keeps to itself. */
function sharedKeys(parent: GraphShape, child: GraphShape, list: readonly string[] | undefined): string[] {
  const own = list ?? Object.keys(child.channels).filter((key) => !child.private.includes(key));
  return own.filter((key) => Object.hasOwn(parent.channels, key) && !parent.private.includes(key));
}

function sharedInput(parent: GraphShape, child: GraphShape, state: State): State {
  return Object.fromEntries(sharedKeys(parent, child, undefined).flatMap((key) => (state[key] === undefined ? [] : [[key, state[key]]])));
}

/** Only what the child added: what it was given stands in the parent's state already. */
function sharedOutput(parent: GraphShape, child: GraphShape, given: State, result: State): State {
  const update: Record<string, unknown> = {};
  for (const key of sharedKeys(parent, child, child.output)) {
    const added = (child.channels[key] as StateChannel).added(given[key], result[key]);
    if (added !== undefined) update[key] = added;
  }
  return update;
}

function asOwn({ update, goto }: { readonly update: unknown; readonly goto: Command["goto"] }): Command {
  return command({
    ...(update === undefined ? null : { update }),
    goto: goto.map((each) => (typeof each === "string" ? each : send(each.node, each.input))),
  });
}
