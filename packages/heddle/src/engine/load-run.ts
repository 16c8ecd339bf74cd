import { HeddleError, planDifference, type Command, type RunEvent, type RunStore, type StoredMessage } from "@heddle/kernel";
import { outstanding } from "@heddle/kernel";
import { keptPlan } from "./kept-plan.ts";
import { readMail } from "./mail.ts";
import type { OwnedRun } from "./owned-run.ts";
import { readSnapshot } from "./snapshot.ts";

/** An event of a journal, and how many characters its text has. */
export interface StoredRunEvent {
  readonly seq: number;
  readonly event: RunEvent;
  readonly length: number;
}

/** Where runs are read from. */
export interface RunSource {
  readonly store: RunStore;
  events(runId: string, afterSeq?: number): Promise<StoredRunEvent[]>;
  /** The newest, of those before `beforeSeq` if it is given. */
  snapshot(runId: string, beforeSeq?: number): Promise<{ readonly seq: number; readonly body: string } | null>;
  mail(runId: string): Promise<readonly StoredMessage[]>;
}

export interface LoadedRun {
  /** What open functions must be given again. */
  readonly events: StoredRunEvent[];
  /** In what the plan or the journal differs from what this code would have made of it, a line each; null: in nothing. Then the state is not to be used. */
  readonly misfit: readonly string[] | null;
}

/** More lines help nobody. */
const mostLines = 12;

/**
 * Bring a run's state up to its journal: newest snapshot that can be read and that what follows fits, then the tail; without one, the whole journal.
 *
 * @throws HeddleError `JOURNAL_CORRUPT`; what reading the store throws
 */
export async function loadRun(source: RunSource, run: OwnedRun): Promise<LoadedRun> {
  const { runId, definition } = run;
  let before: number | undefined;
  let foreign: string | undefined;
  for (;;) {
    const stored = await source.snapshot(runId, before);
    const snapshot = stored === null ? null : readSnapshot(definition, stored.body);
    if (stored !== null) {
      before = stored.seq;
      if (snapshot === null) continue;
      foreign ??= snapshot.planHash === definition.planHash ? undefined : snapshot.planHash;
      if (snapshot.content === null) continue;
      run.restore(stored.seq, snapshot.content.state, snapshot.content.facts, stored.body.length);
    }
    const after = Math.min(run.seq, (run.journaled.historyFrom ?? Number.POSITIVE_INFINITY) - 1);
    const events = await source.events(runId, after);
    if (
      stored !== null &&
      events.some(({ seq, event }) => seq > stored.seq && event.type === "run-paused" && event.code === "STATE_DIVERGED")
    ) {
      // What was found out after it was taken: it may hold what never happened.
      run.forget();
      continue;
    }
    const recorded =
      recordedPlan(run.seq === 0 ? events : events.filter(({ seq }) => seq > run.seq)) ?? (stored === null ? foreign : undefined);
    if (recorded !== undefined && recorded !== definition.planHash) return otherPlan(source, run, recorded, events);
    const first = events[0]?.seq ?? after + 1;
    if (first !== after + 1) throw historyGone(runId, after + 1, first - 1);
    const misfit = fold(run, events, stored !== null);
    if (misfit === null || stored === null) return { events, misfit };
    // The state is not the one that this journal was written from: an older snapshot, or none.
    run.forget();
  }
}

/** The run was begun, or last went on, with another plan. Nothing of its journal is folded over this one unless a person has said so and it fits. */
async function otherPlan(source: RunSource, run: OwnedRun, recorded: string, tail: readonly StoredRunEvent[]): Promise<LoadedRun> {
  const { runId, definition } = run;
  run.forget();
  const mail = await source.mail(runId);
  const events = tail[0]?.seq === 1 ? [...tail] : await source.events(runId);
  const whole = events[0]?.seq === 1;
  const accepted = mail.map(({ body }) => readMail(body)).some((each) => each.type === "resume" && each.accept === true);
  const misfit = accepted && whole ? fold(run, events, true) : null;
  if (accepted && whole && misfit === null) return { events, misfit: null };

  run.forget();
  run.journaled.seq = (events.at(-1) ?? tail.at(-1))?.seq ?? 0;
  const was = await keptPlan(source.store, definition.name, recorded);
  const changes = was === null ? ["the plan that it was made with is not kept in this store"] : planDifference(was, definition.plan);
  const shown = changes.slice(0, mostLines).map((line) => `changed    ${line}`);
  if (changes.length > mostLines) shown.push(`changed    ${changes.length - mostLines} more`);
  const mayAccept = whole && misfit === null;
  return {
    events,
    misfit: [
      `recorded   plan ${recorded}`,
      `code       plan ${definition.planHash}`,
      ...shown,
      ...(misfit ?? []),
      `ways on    bring the old plan back, or register it as a version of its own, and "heddle resume ${runId}"; ${
        mayAccept ? `take the plan as it is with "--accept", if what is recorded fits it; or ` : ""
      }"heddle fork ${runId} --at SEQ" from an event before the change`,
    ],
  };
}

/** Hash of the plan that these events say the run was begun or last went on with; undefined: they do not say. */
export function recordedPlan(events: readonly { readonly event: RunEvent }[]): string | undefined {
  let hash: string | undefined;
  for (const { event } of events) if (event.type === "run-started" || event.type === "run-migrated") hash = event.planHash;
  return hash === "" ? undefined : hash;
}

/**
 * Apply the events after the run's seq. Stops where one does not fit what the plan has started, and says so; null: all fit.
 *
 * @param strict also an answer to a number that is not open does not fit. A fork for a retry may hold such answers: they belong to what is done again.
 */
function fold(run: OwnedRun, events: readonly StoredRunEvent[], strict: boolean): readonly string[] | null {
  const open = new Map<number, string>();
  note(open, run.seq === 0 ? [] : outstanding(run.state));
  for (const { seq, event, length } of events) {
    if (seq <= run.seq) continue;
    if (event.type === "task-ended" || event.type === "task-retried" || event.type === "task-started") {
      const task = open.get(event.no);
      if (task === undefined ? strict : task !== event.task) {
        return [
          `recorded   event ${seq}, ${event.type} of "${event.task}" as number ${event.no}`,
          task === undefined
            ? `code       has no number ${event.no} under way then`
            : `code       has "${task}" under way as number ${event.no} then`,
        ];
      }
      if (event.type === "task-ended") open.delete(event.no);
    } else if (event.type === "run-ended") open.clear();
    note(open, run.foldStored(seq, event, length));
  }
  return null;
}

function note(open: Map<number, string>, commands: readonly Command[]): void {
  for (const command of commands) if (command.type === "start-task" || command.type === "decide-group") open.set(command.no, command.task);
}

/** Compacted away because a snapshot covered it, and there is no such snapshot now. */
function historyGone(runId: string, from: number, to: number): HeddleError {
  return new HeddleError(
    "JOURNAL_CORRUPT",
    `Events ${from} to ${to} of run ${runId} were removed when a snapshot covered them (keepHistory: false), and that snapshot cannot be read here: use the version of Heddle that wrote it, or restore the file from a backup.`,
    { data: { runId, seq: from } },
  );
}
