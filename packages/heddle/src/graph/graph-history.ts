import type { Engine } from "../engine/engine.ts";
import { isJournalEvent } from "../engine/live-piece.ts";
import type { Graph } from "./graph.ts";
import { GraphEvents } from "./graph-events.ts";

/** A run between two rounds. */
export interface Checkpoint<State> {
  /** Last event of the round: `engine.fork(runId, { at: seq })` goes on from here. */
  readonly seq: number;
  readonly atMs: number;
  /** From 0, where the state holds the input only. */
  readonly round: number;
  /** Nodes that ran in it. */
  readonly nodes: readonly string[];
  readonly state: State;
  /** Nodes of the next round; empty: the run ended. */
  readonly next: readonly string[];
}

/** Read from the journal: whatever the run recorded is here, however it ended. */
export async function graphHistory(graph: Graph<never>, engine: Engine, runId: string): Promise<readonly Checkpoint<unknown>[]> {
  const run = await engine.get(runId);
  const events = new GraphEvents(graph.plan);
  const rounds: Checkpoint<unknown>[] = [];
  for await (const event of run.events({ live: false })) {
    if (!isJournalEvent(event)) continue;
    const before = rounds.at(-1);
    const { seq, atMs } = event;
    if (events.apply(event))
      rounds.push({ seq, atMs, round: events.round, nodes: events.nodes, next: events.next, state: events.values() });
    else if (event.type === "channels-written" && before !== undefined)
      rounds.push({ ...before, seq, atMs, nodes: [], state: events.values() });
  }
  return rounds.toReversed();
}
