import { describeEdge, describeMs, describeTrigger } from "../describe-trigger.ts";
import type { ControlTrigger, DataTrigger, Id, Lead, Plan, Task } from "../plan.ts";

// What of a Plan is drawn, whatever it is drawn with: tasks, what starts them, and the edges between.

export interface Drawing {
  readonly title: string;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  /** Nodes of each home: of the root first, then of the group with the number that is its key. */
  readonly homes: ReadonlyMap<number, readonly number[]>;
}

/** The home of what is in no group. */
export const rootHome = -1;

export interface DrawnNode {
  /** `start`: where a frame begins. `end`: where a branch does. `clock`, `artifacts`: what else starts tasks. */
  readonly kind: "task" | "child" | "group" | "start" | "end" | "clock" | "artifacts";
  readonly label: string;
  /** Lines below the label. */
  readonly notes: readonly string[];
}

export interface DrawnEdge {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly on: "ok" | "failed" | "other";
}

/** Longest text in a drawing, in characters. */
const mostText = 48;

export function drawingOf(plan: Plan): Drawing {
  return new Draft(plan).finish();
}

class Draft {
  readonly #plan: Plan;
  readonly #nodes: DrawnNode[] = [];
  readonly #edges: DrawnEdge[] = [];
  readonly #homes = new Map<number, number[]>([[rootHome, []]]);
  readonly #numbers = new Map<Id, number>();
  readonly #homeOf = new Map<Id, number>();
  /** Nodes that are no tasks, by what they stand for. */
  readonly #sources = new Map<string, number>();

  constructor(plan: Plan) {
    this.#plan = plan;
    // A start goes before the tasks of its home, so numbers are given to all tasks first.
    const tasks = Object.entries(plan.tasks);
    for (const [number, [id, task]] of tasks.entries()) {
      this.#numbers.set(id, number);
      this.#nodes.push(taskNode(id, task));
    }
    for (const [id, { does }] of tasks) {
      if (!("group" in does)) continue;
      this.#homes.set(this.#numberOf(id), []);
      for (const member of does.group) this.#homeOf.set(member, this.#numberOf(id));
    }
    for (const [id, task] of tasks) this.#addTask(id, task);
  }

  finish(): Drawing {
    return { title: this.#plan.name, nodes: this.#nodes, edges: this.#edges, homes: this.#homes };
  }

  #addTask(id: Id, task: Task): void {
    const to = this.#numberOf(id);
    const home = this.#homeOf.get(id) ?? rootHome;
    for (const trigger of task.when) {
      if ("on" in trigger) this.#addData(to, trigger);
      else if ("at" in trigger) this.#addEdge(this.#source("clock", describeTrigger(trigger), home), to, "", "ok");
      else this.#addControl(to, home, trigger);
    }
    this.#homes.get(home)?.push(to);
    for (const lead of task.leads ?? []) this.#addLead(to, home, lead);
  }

  #addLead(from: number, home: number, lead: Lead): void {
    const { label = "" } = lead;
    if ("ends" in lead) {
      this.#addEdge(from, this.#source("end", "", home), shortened(label), "other");
      return;
    }
    const to = this.#numbers.get("sends" in lead ? lead.sends : lead.goes);
    if (to === undefined) return;
    const how = "sends" in lead ? (label === "" ? "for each" : `${label}, for each`) : label;
    this.#addEdge(from, to, shortened(how), "other");
  }

  #addControl(to: number, home: number, trigger: ControlTrigger): void {
    if (trigger.after.length === 0) this.#addEdge(this.#source("start", "", home), to, trigger.idle === true ? "when idle" : "", "ok");
    for (const edge of trigger.after) {
      const on = edge.on === "ok" || edge.on === "failed" ? edge.on : "other";
      this.#addEdge(this.#numberOf(edge.from), to, shortened(describeEdge(edge)), on);
    }
  }

  #addData(to: number, { on }: DataTrigger): void {
    for (const { type, count, where } of on) {
      const label = [count === 1 ? "" : `${count}`, where === undefined ? "" : `where ${where.use}`]
        .filter((part) => part !== "")
        .join(" ");
      this.#addEdge(this.#source("artifacts", type, rootHome), to, shortened(label), "ok");
    }
  }

  #addEdge(from: number, to: number, label: string, on: DrawnEdge["on"]): void {
    this.#edges.push({ from, to, label, on });
  }

  /** One node per home for the start and for the end, one for each schedule and each type of artifacts. */
  #source(kind: "start" | "end" | "clock" | "artifacts", label: string, home: number): number {
    const key = `${kind} ${home} ${label}`;
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const number = this.#nodes.push({ kind, label: shortened(label), notes: [] }) - 1;
    this.#sources.set(key, number);
    this.#homes.get(home)?.push(number);
    return number;
  }

  #numberOf(id: Id): number {
    return this.#numbers.get(id) ?? 0;
  }
}

function taskNode(id: Id, task: Task): DrawnNode {
  const { does, title, when } = task;
  const notes: string[] = [];
  const label = shortened(title ?? id);
  if ("use" in does && does.use !== id && !does.use.endsWith(`/${id}`)) notes.push(does.use);
  if ("plan" in does) notes.push(`runs ${does.plan}${does.version === undefined ? "" : ` ${does.version}`}`);
  if ("group" in does && does.policy.use !== id) notes.push(`policy ${does.policy.use}`);
  for (const trigger of when) notes.push(...triggerNotes(trigger));
  return { kind: "plan" in does ? "child" : "group" in does ? "group" : "task", label, notes: notes.map(shortened) };
}

/** What its edges cannot show of a trigger. */
function triggerNotes(trigger: Task["when"][number]): string[] {
  if ("at" in trigger) return [];
  if ("on" in trigger) {
    const { on, by, batch, within } = trigger;
    const parts = [
      on.length > 1 ? `all ${on.length}` : "",
      by.length === 0 ? "" : `by ${by.join(", ")}`,
      batch?.size === undefined ? "" : `${batch.size} at a time`,
      batch?.ms === undefined ? "" : `gathered for ${describeMs(batch.ms)}`,
      within?.ms === undefined ? "" : `within ${describeMs(within.ms)}`,
      within?.count === undefined ? "" : `within ${within.count} artifacts`,
    ].filter((part) => part !== "");
    return parts.length === 0 ? [] : [parts.join(", ")];
  }
  const { after, join, idle } = trigger;
  const count = after.length;
  const parts = [
    count < 2 ? "" : join === "all" ? `all ${count}` : join === "any" ? `any of ${count}` : `${join} of ${count}`,
    idle === true && count > 0 ? "when idle" : "",
  ];
  const text = parts.filter((part) => part !== "").join(", ");
  return text === "" ? [] : [text];
}

/** On one line, without characters that steer a terminal, and not too long. */
function shortened(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const characters = Array.from(line);
  return characters.length <= mostText ? line : `${characters.slice(0, mostText - 1).join("")}…`;
}
