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

/** How often a run has stopped before or after which task. */
export type StopCounts = readonly (readonly [called: string, when: TasksHeld["when"], stops: number])[];

/** Where a run stopped and stops. */
export interface Stops {
  readonly held: readonly Held[];
  readonly stops: StopCounts;
}

/** With one stop more, or with more tasks that one stop holds. */
export function withStop({ held, stops }: Stops, { id, nos, called, when }: TasksHeld): Stops {
  const now = [...held, { id, nos }];
  if (held.some((each) => each.id === id)) return { held: now, stops };
  const others = stops.filter((each) => each[0] !== called || each[1] !== when);
  return { held: now, stops: [...others, [called, when, countOf(stops, called, when) + 1]] };
}

function countOf(stops: StopCounts, called: string, when: TasksHeld["when"]): number {
  return stops.find((each) => each[0] === called && each[1] === when)?.[2] ?? 0;
}

/**
 * What a stop is answered by: `node/before`, and with its count from the second on, `node#2/before`, so that an answer that comes twice does not let the next
 * round of a loop go on. What becomes due one by one while it is stopped there is held by the same stop.
 */
export function stopId({ held, stops }: Stops, called: string, when: TasksHeld["when"]): string {
  const count = countOf(stops, called, when);
  const open = idOf(called, when, count);
  return held.some(({ id }) => id === open) ? open : idOf(called, when, count + 1);
}

function idOf(called: string, when: TasksHeld["when"], nth: number): string {
  return `${called}${nth === 1 ? "" : `#${nth}`}/${when}`;
}

/** Whether it is what a stop before or after this task is answered by, whichever. */
export function isStopOf(called: string, id: string): boolean {
  return id.startsWith(called) && /^(?:#[1-9][0-9]*)?\/(?:before|after)$/.test(id.slice(called.length));
}

/**
 * What is to be held of what an end made due: tasks before which the run stops, by what they are called; and everything, by each task that ended with it
 * and after which the run stops. Where nothing follows there is nothing to hold.
 */
export function holdsOf(
  interrupts: Interrupts,
  stops: Stops,
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
    const id = stopId(stops, called, "after");
    holds.set(id, { type: "tasks-held", atMs, id, when: "after", called, nos: due.map(({ no }) => no) });
  }
  for (const { task, no } of due) {
    const called = interrupts.before.get(task);
    if (called === undefined) continue;
    const id = stopId(stops, called, "before");
    holds.set(id, { type: "tasks-held", atMs, id, when: "before", called, nos: [...(holds.get(id)?.nos ?? []), no] });
  }
  return [...holds.values()];
}
