import type { Id, Json, Verb } from "@heddle/kernel";
import { checkMatches } from "./oracle-gates.ts";
import { outEdges } from "./oracle-joins.ts";
import { homeOf, refuse, type OracleActivation, type OracleFrame, type OracleRun } from "./oracle-state.ts";

/** The nearest frame, from this one outwards, where a task is at home. */
export function frameFor(run: OracleRun, from: OracleFrame, task: Id): OracleFrame | null {
  const home = homeOf(run, task);
  for (let frame: OracleFrame | null = from; frame !== null; frame = frame.parent) if (frame.home === home) return frame;
  return null;
}

/** Rule 6: refuses what the plan does not allow, in verb order. */
export function checkVerbs(run: OracleRun, { task, frame }: OracleActivation, verbs: readonly Verb[]): void {
  const iterates = verbs.some((verb) => "iterate" in verb);
  let iterated = false;
  let ended = false;
  for (const verb of verbs) {
    let refused = false;
    if ("iterate" in verb) {
      refused = iterated;
      iterated = true;
    } else if ("publish" in verb) {
      checkMatches(run, verb.matches);
    } else if ("take" in verb) {
      refused = iterates || !outEdges(run, task).some(({ edge }) => edge.label === verb.take);
    } else if ("goto" in verb) {
      refused = iterates || frameFor(run, frame, verb.goto) === null;
    } else if ("next" in verb) {
      refused = iterates || frameFor(run, frame, verb.next) === null;
    } else if ("spawn" in verb) {
      refused = iterates || homeOf(run, verb.spawn) !== frame.home;
    } else if ("end" in verb) {
      refused = iterates || ended;
      ended = true;
    }
    if (refused) refuse("VERB_REFUSED", `${task} may not do this`, { task, verb: verb as unknown as Json });
  }
}
