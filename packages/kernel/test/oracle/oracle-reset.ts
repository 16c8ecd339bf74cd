import type { Id } from "@heddle/kernel";
import { endRun } from "./oracle-end.ts";
import { allEdges, deliverAgain, outEdges, startTask } from "./oracle-joins.ts";
import { followAll } from "./oracle-follow.ts";
import { workOffLine } from "./oracle-settle.ts";
import { tasksOf, type OracleRun } from "./oracle-state.ts";

/** Rule 32. */
export function reset(run: OracleRun, names: readonly Id[]): void {
  const [root] = run.frames;
  if (root === undefined) return;
  const { outcome } = run;
  if (outcome !== null && run.limited) {
    endRun(run, outcome, true);
    return;
  }
  run.phase = "running";
  run.outcome = null;
  const named = tasksOf(run, null).filter((task) => names.includes(task) || run.cutOff.has(task));
  const reach = new Map(named.map((task) => [task, leadsTo(run, task)]));
  const leads = (from: Id, to: Id): boolean => reach.get(from)?.has(to) === true;
  const set = new Set([...named, ...[...reach.values()].flatMap((tasks) => [...tasks])]);
  const starts = named.filter(
    (task, place) => !named.some((other, before) => other !== task && leads(other, task) && (!leads(task, other) || before < place)),
  );
  const again = run.notFollowed.filter(({ of }) => !set.has(of.task));
  run.notFollowed = [];
  run.cutOff.clear();

  for (const task of set) {
    root.ends.delete(task);
    root.values.delete(task);
    root.started.delete(task);
    root.skipped.delete(task);
    root.lastSpawns.delete(task);
    root.items.delete(task);
    run.spawned.delete(task);
    for (const { id } of run.tasks.get(task)?.when ?? []) {
      root.joins.delete(id);
      root.ready.delete(id);
    }
  }
  run.failures = run.failures.filter(({ task }) => !set.has(task));

  // What waits for its turn waits for the next reset when the run ends at once before it.
  run.notFollowed = [...again];
  for (const task of starts) startTask(run, root, task, run.lastStarts.get(task) ?? {});
  for (const out of allEdges(run)) {
    const { from, on } = out.edge;
    const itself = on !== "drained" && again.some(({ of }) => of.task === from);
    if (set.has(out.task) && !set.has(from) && !itself) deliverAgain(run, root, out, starts.includes(out.task));
  }
  workOffLine(run);
  run.notFollowed = [];
  followAll(
    run,
    again.map((end) => ({ ...end, verbs: end.verbs.filter((verb) => !("end" in verb)) })),
  );
}

/** The tasks that one leads to, by edges and by spawning; itself only if it leads back to itself. */
function leadsTo(run: OracleRun, task: Id): Set<Id> {
  const found = new Set<Id>();
  const next = (from: Id): Id[] => [...outEdges(run, from).map((out) => out.task), ...(run.spawned.get(from) ?? [])];
  for (const one of next(task)) found.add(one);
  for (const one of found) for (const further of next(one)) found.add(further);
  return found;
}
