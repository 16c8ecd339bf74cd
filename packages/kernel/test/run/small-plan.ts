import {
  advance,
  compilePlan,
  createRun,
  type Command,
  type Edge,
  type Plan,
  type RunEvent,
  type RunState,
  type Task,
  type TaskEnded,
} from "@heddle/kernel";

/** A task that starts after these, all of them, or with its frame. */
export function task(id: string, ...after: readonly (string | Edge)[]): Task {
  const edges = after.map((from): Edge => (typeof from === "string" ? { from, on: "ok" } : from));
  return { does: { use: "work" }, when: [{ id: `${id}.when`, after: edges, join: "all", untaken: "wait" }] };
}

export function verbsOnly(): Task {
  return { does: { use: "work" }, when: [] };
}

export function group(
  members: readonly string[],
  more: { readonly failure?: "stop" | "drain"; readonly after?: readonly string[] } = {},
): Task {
  const after = (more.after ?? []).map((from): Edge => ({ from, on: "ok" }));
  return {
    does: { group: members, policy: { use: "strict" }, ...(more.failure === undefined ? {} : { failure: more.failure }) },
    when: [{ id: `group-of-${members.join("-")}`, after, join: "all", untaken: "wait" }],
  };
}

export function plan(tasks: Readonly<Record<string, Task>>, more: Partial<Plan> = {}): Plan {
  return { heddle: 1, name: "small", discipline: "eager", tasks, ...more };
}

export const started: RunEvent = { type: "run-started", atMs: 0, workflow: "small", planHash: "-" };

export function start(of: Plan): { readonly run: RunState; readonly commands: readonly Command[] } {
  const run = createRun(compilePlan(of));
  return { run, commands: advance(run, started) };
}

export function ended(no: number, more: Partial<TaskEnded> = {}): RunEvent {
  return { atMs: 0, type: "task-ended", no, task: "-", outcome: { status: "completed", value: no }, ...more };
}

export function failed(no: number, message = "no"): RunEvent {
  return ended(no, { outcome: { status: "failed", error: { name: "Error", message } } });
}

/** What a command asks for, in short. */
export function brief(commands: readonly Command[]): string[] {
  return commands.map((command) => {
    if (command.type === "start-task" || command.type === "decide-group") return `${command.type} ${command.task} ${command.no}`;
    return command.type === "end-run" ? `end-run ${command.outcome.status}` : `${command.type} ${command.no}`;
  });
}
