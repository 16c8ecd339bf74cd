import { cutOff } from "./oracle-end.ts";
import { checkMatches, publish } from "./oracle-gates.ts";
import { deliverEnd, openSpawn, startTask } from "./oracle-joins.ts";
import { defaultValue, spawnDrained, workOffLine } from "./oracle-settle.ts";
import { EndAtOnce, type KeptEnd, type OracleRun } from "./oracle-state.ts";
import { checkVerbs, frameFor } from "./oracle-verbs.ts";

/** Does a part of what an end says; if that is refused, a reset starts its task again. */
export function whole(run: OracleRun, { of }: KeptEnd, part: () => void): void {
  try {
    part();
  } catch (thrown) {
    if (thrown instanceof EndAtOnce) cutOff(run, of.frame, of.task);
    throw thrown;
  }
}

/** One after the other; those whose turn does not come are kept for a reset. */
export function followAll(run: OracleRun, ends: readonly KeptEnd[]): void {
  const left = [...ends];
  try {
    for (let end = left.shift(); end !== undefined; end = left.shift()) {
      follow(run, end);
      workOffLine(run);
    }
  } finally {
    run.notFollowed.push(...left.filter(({ of }) => of.frame.kind === "root"));
  }
}

/** What an end leads to: the rest of rule 6. */
export function follow(run: OracleRun, { of, outcome, verbs }: KeptEnd): void {
  const { frame, task } = of;
  whole(run, { of, outcome, verbs }, () => {
    if (!frame.stopped) checkVerbs(run, of, verbs);
    for (const verb of verbs) if ("publish" in verb) checkMatches(run, verb.matches);
  });
  for (const verb of verbs) if ("publish" in verb) publish(run, verb.blob, verb.matches);
  if (frame.stopped) return;

  for (const verb of verbs) {
    if (!("iterate" in verb)) continue;
    startTask(run, frame, task, { input: verb.iterate, scope: of.scope });
    return;
  }
  const labels = verbs.flatMap((verb) => ("take" in verb ? [verb.take] : []));
  deliverEnd(run, frame, task, { outcome, labels, left: verbs.some((verb) => "goto" in verb) });
  for (const verb of verbs) if ("goto" in verb) startTask(run, frameFor(run, frame, verb.goto) ?? frame, verb.goto, { input: verb.input });
  for (const verb of verbs) if ("next" in verb) startTask(run, frameFor(run, frame, verb.next) ?? frame, verb.next, { input: verb.input });
  let spawned = 0;
  for (const verb of verbs) {
    if (!("spawn" in verb)) continue;
    const key = openSpawn(run, of, (spawned += 1), verb.spawn, verb.items);
    if (verb.items.length === 0) spawnDrained(run, key);
  }
  for (const verb of verbs) {
    if (!("end" in verb)) continue;
    if (verb.end === "cancel") throw new EndAtOnce({ status: "cancelled" });
    const value = verb.value ?? defaultValue(run);
    throw new EndAtOnce({ status: "completed", ...(value === undefined ? {} : { value }) });
  }
}
