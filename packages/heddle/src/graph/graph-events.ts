import {
  advance,
  compilePlan,
  createRun,
  decodeValue,
  type Command,
  type CompiledPlan,
  type Plan,
  type RunEvent,
  type RunState,
} from "@heddle/kernel";
import { channelValues } from "@heddle/kernel/internal";
import { START } from "./graph-shape.ts";

/** What a graph's journal says, event by event: its rounds, and what the state held after each. */
export class GraphEvents {
  readonly state: RunState;
  /** Rounds that have ended, START's not counted. */
  round = -1;
  readonly #compiled: CompiledPlan;
  /** Tasks that ended in the round under way. */
  #ended: string[] = [];
  /** Tasks of the round before it, and what that led to. */
  #closed: readonly string[] = [];
  #next: readonly Command[] = [];
  readonly #tasks = new Map<number, string>();

  constructor(plan: Plan) {
    this.#compiled = compilePlan(plan);
    this.state = createRun(this.#compiled);
  }

  /** Apply the next event. Says whether a round came to its end with it. */
  apply(event: RunEvent): boolean {
    const commands = advance(this.state, event);
    const isEnd = event.type === "task-ended";
    let goesOn = false;
    for (const command of commands) {
      if (command.type === "start-task") this.#tasks.set(command.no, command.task);
      else if (command.type !== "end-run") continue;
      goesOn = true;
    }
    if (!isEnd) return false;
    this.#tasks.delete(event.no);
    this.#ended.push(event.task);
    if (!goesOn) return false;
    this.round++;
    this.#closed = this.#ended;
    this.#next = commands;
    this.#ended = [];
    return true;
  }

  /** Nodes of the round that came to its end last. */
  get nodes(): readonly string[] {
    return this.#closed.filter(isNode).map(nodeOf);
  }

  /** Nodes of the round after it. */
  get next(): readonly string[] {
    return [...new Set(this.#next.flatMap((each) => (each.type === "start-task" && isNode(each.task) ? [nodeOf(each.task)] : [])))];
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
