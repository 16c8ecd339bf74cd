import type { Command, Id, Scope } from "@heddle/kernel";
import type { OracleRun } from "./oracle-state.ts";
import { openActivations } from "./oracle-state.ts";

export { oracleAdvance } from "./oracle-advance.ts";
export { createOracle, type OracleRun } from "./oracle-state.ts";

/** What was commanded and not answered, by number. */
export function oracleOutstanding(run: OracleRun): Command[] {
  const commands = openActivations(run).flatMap(({ command }) => (command === null ? [] : [command]));
  for (const { command } of run.timers.values()) commands.push(command);
  if (run.endRun !== null) commands.push(run.endRun);
  return commands.sort((a, b) => a.no - b.no);
}

/** Tokens that a control join holds and that have not fired it. */
export interface JoinCensus {
  readonly scope: Scope;
  readonly trigger: Id;
  readonly tokens: number;
}

/** Every control join that holds tokens, by frame in opening order, then in the plan's order. `any` holds none. */
export function oracleCensus(run: OracleRun): JoinCensus[] {
  const found: JoinCensus[] = [];
  for (const frame of run.frames) {
    for (const { when } of run.tasks.values()) {
      for (const trigger of when) {
        const join = frame.joins.get(trigger.id);
        if (
          join === undefined ||
          !("after" in trigger) ||
          trigger.join === "any" ||
          join.fired ||
          (trigger.join !== "all" && join.skip !== null)
        )
          continue;
        const tokens = join.tokens.flat().filter(({ taken }) => taken || trigger.join === "all").length;
        if (tokens > 0) found.push({ scope: frame.scope, trigger: trigger.id, tokens });
      }
    }
  }
  return found;
}
