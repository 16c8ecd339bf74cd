import type { Command, RunEvent, StartTask } from "@heddle/kernel";

/** Where runs stop until a person lets them go on: by task, what people call it. */
export interface Interrupts {
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
}

/** Tasks that are due and wait for a person. */
export interface Held {
  readonly id: string;
  readonly nos: readonly number[];
}

/** What is held still when one of the tasks has ended. */
export function withoutHeld<H extends Held>(held: readonly H[], no: number): readonly H[] {
  if (!held.some(({ nos }) => nos.includes(no))) return held;
  return held.map((each) => ({ ...each, nos: each.nos.filter((other) => other !== no) })).filter(({ nos }) => nos.length > 0);
}

type TasksHeld = Extract<RunEvent, { type: "tasks-held" }>;

/**
 * What is to be held of what an end made due: tasks before which the run stops, by what they are called; and everything, by each task that ended with it
 * and after which the run stops. Where nothing follows there is nothing to hold.
 */
export function holdsOf(
  interrupts: Interrupts,
  ended: readonly string[],
  commands: readonly Command[],
  atMs: number,
): readonly TasksHeld[] {
  const due = commands.filter((command): command is StartTask => command.type === "start-task");
  if (due.length === 0) return [];
  const holds = new Map<string, TasksHeld>();
  for (const task of ended) {
    const called = interrupts.after.get(task);
    if (called === undefined) continue;
    const id = `${called}/after`;
    holds.set(id, { type: "tasks-held", atMs, id, when: "after", called, nos: due.map(({ no }) => no) });
  }
  for (const { task, no } of due) {
    const called = interrupts.before.get(task);
    if (called === undefined) continue;
    const id = `${called}/before`;
    holds.set(id, { type: "tasks-held", atMs, id, when: "before", called, nos: [...(holds.get(id)?.nos ?? []), no] });
  }
  return [...holds.values()];
}
