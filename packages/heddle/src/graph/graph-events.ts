import { advance, compilePlan, createRun, decodeValue, type CompiledPlan, type Plan, type RunEvent, type RunState } from "@heddle/kernel";
import { channelValues } from "@heddle/kernel/internal";
import { START } from "./graph-shape.ts";

/** What a graph's journal says, event by event: its rounds, and what the state held after each. */
export class GraphEvents {
  readonly state: RunState;
  /** Rounds that have ended, START's not counted. */
  round = -1;
  readonly #compiled: CompiledPlan;
  /** Nodes that ended in the round under way. */
  #ended: string[] = [];
  readonly #tasks = new Map<number, string>();

  constructor(plan: Plan) {
    this.#compiled = compilePlan(plan);
    this.state = createRun(this.#compiled);
  }

  /** Apply the next event. Says what came to its end with it; null: no round did. */
  apply(event: RunEvent): { readonly nodes: readonly string[]; readonly next: readonly string[] } | null {
    const commands = advance(this.state, event);
    for (const command of commands) if (command.type === "start-task") this.#tasks.set(command.no, command.task);
    if (event.type !== "task-ended") return null;
    this.#tasks.delete(event.no);
    if (isNode(event.task)) this.#ended.push(nodeOf(event.task));
    if (commands.length === 0) return null;
    const starts = commands.flatMap((command) => (command.type === "start-task" && isNode(command.task) ? [nodeOf(command.task)] : []));
    if (!commands.some(({ type }) => type === "start-task" || type === "end-run")) return null;
    const nodes = this.#ended;
    this.#ended = [];
    this.round++;
    return { nodes, next: [...new Set(starts)] };
  }

  /** The node that an open activation is of. */
  nodeOf(no: number): string {
    return nodeOf(this.#tasks.get(no) ?? "");
  }

  values(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(Object.entries(channelValues(this.state)).map(([key, value]) => [key, decodeValue(value)]));
  }
}

/** Tasks that only pass on are no nodes. */
export function isNode(task: string): boolean {
  return task !== START && !task.endsWith("/join") && !task.endsWith("/gather");
}

/** The node that a task belongs to. */
export function nodeOf(task: string): string {
  return task.endsWith("/each") ? task.slice(0, -"/each".length) : task;
}
