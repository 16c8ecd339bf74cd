import assert from "node:assert/strict";
import { advance, compilePlan, createRun, outstanding, type Command, type RunEvent } from "@heddle/kernel";
import { kernelCensus, kernelFrames, kernelFunctions } from "./kernel-census.ts";
import { Ledger } from "./ledger.ts";
import { oracleCensus, oracleOutstanding, type OracleRun } from "./oracle.ts";
import { alike, plain } from "./plain.ts";
import { randomRun } from "./random-run.ts";
import { lookAtKernel, lookAtOracle } from "./run-look.ts";

/** A run of the kernel that follows a random run event by event and must never differ from the naive interpreter. */
export function followRandomRun(seed: number): void {
  let at = 0;
  const ledger = new Ledger();
  const trail: { readonly event: RunEvent; readonly commands: readonly Command[] }[] = [];
  let state: ReturnType<typeof createRun> | null = null;

  const follow = (oracle: OracleRun, event: RunEvent, expected: readonly Command[]): void => {
    state ??= createRun(compilePlan(frozen(oracle.plan)));
    at += 1;
    const commands = advance(state, frozen(event)).map(commandOf);
    trail.push({ event, commands });
    ledger.note(event, commands);
    same(commands, expected, `commands after event ${at}, ${event.type}`);
    const open = outstanding(state).map(commandOf);
    same(open, ledger.outstanding(), `outstanding after event ${at}, ${event.type}, against issued minus answered`);
    same(open, oracleOutstanding(oracle), `outstanding after event ${at}, ${event.type}`);
    // A limit may strike in the middle of an end; nothing of what it left half done can be seen again.
    if (oracle.limited) return;
    same(lookAtKernel(state, oracle), lookAtOracle(oracle), `state after event ${at}, ${event.type}`);
    same(kernelCensus(state), oracleCensus(oracle), `tokens after event ${at}, ${event.type}`);
    const kept = oracle.frames.length > 0 ? oracle.frames.map(({ scope }) => scope) : [[]];
    same(kernelFrames(state), kept, `frames kept after event ${at}, ${event.type}`);
    assert.ok(kernelFunctions(state) <= open.length, `operations of ended activations are kept after event ${at}`);
  };

  randomRun(seed, (oracle, event, commands) => atSeed(seed, at + 1, () => follow(oracle, event, commands), trail));
}

/** Does a check of a seed's run; a failure tells the seed, the place and the last events. */
export function atSeed(seed: number, at: number, check: () => void, trail: readonly unknown[] = []): void {
  try {
    check();
  } catch (error) {
    const last = trail.slice(-3).map((step) => `\n  ${JSON.stringify(step)}`);
    const steps = last.length > 0 ? `\nlast events and commands:${last.join("")}` : "";
    throw new Error(
      `seed ${seed}, event ${at}: ${error instanceof Error ? error.message : String(error)}${steps}\nAgain with HEDDLE_SEED=${seed}`,
      { cause: error },
    );
  }
}

const fields: Readonly<Record<Command["type"], readonly string[]>> = {
  "start-task": ["type", "task", "scope", "nth", "attempt", "no", "trigger", "input", "consumed", "notBeforeMs"],
  "cancel-task": ["type", "no"],
  "decide-group": ["type", "task", "scope", "nth", "attempt", "no", "members"],
  "set-timer": ["type", "no", "trigger", "scope", "dueAtMs"],
  "cancel-timer": ["type", "no"],
  "end-run": ["type", "no", "outcome"],
};

/** A copy of what the type of the command has; the kernel may keep more on its own record. */
export function commandOf(command: Command): Command {
  const known = Object.entries(command).filter(([field]) => fields[command.type].includes(field));
  return JSON.parse(JSON.stringify(Object.fromEntries(known))) as Command;
}

export function same(actual: unknown, expected: unknown, what: string): void {
  if (!alike(actual, expected)) assert.deepEqual(plain(actual), plain(expected), what);
}

/** Whatever changes it throws. */
export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}
