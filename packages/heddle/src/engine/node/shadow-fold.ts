import type { Json } from "@heddle/kernel";
import type { Definition } from "../definition.ts";
import { mailText } from "../mail.ts";
import type { NodeHost } from "../node-host.ts";
import type { OwnedRun } from "../owned-run.ts";
import { FoldedRun } from "../run/folded-run.ts";
import { readSnapshot } from "../snapshot.ts";

/** One snapshot of so many is checked: each check reads about as much of the journal as a recovery does. */
const oneOf = 16;

/** More lines help nobody. */
const mostLines = 8;

/**
 * Folds the journal once more beside a run, from the snapshot before to a new one, and compares: a run whose state is not the one that its journal tells
 * would go on from what never happened, so it is paused and says so.
 */
export class ShadowFold {
  readonly #host: NodeHost;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** A snapshot of a run is in the store. */
  async snapshotKept({ runId, definition }: OwnedRun, seq: number): Promise<void> {
    if (!isChecked(runId, seq)) return;
    const { clock, state } = this.#host;
    const difference = await this.#compare(runId, definition, seq);
    if (difference === null || !state.works) return;
    // By mail: the run may be parked by now, or another node's.
    this.#host.send({ runId, id: `diverged:${seq}`, atMs: clock.nowMs(), body: mailText({ type: "diverged", difference }) });
  }

  /** Lines that say what differs; null: nothing does, or it cannot be told. */
  async #compare(runId: string, definition: Definition, seq: number): Promise<readonly string[] | null> {
    const { store, reader } = this.#host;
    const kept = await store.readSnapshot(runId, seq + 1);
    if (kept?.seq !== seq) return null;
    const before = await store.readSnapshot(runId, seq);
    const events = (await reader.events(runId, before?.seq ?? 0)).filter((each) => each.seq <= seq);
    const first = (before?.seq ?? 0) + 1;
    // A part of it was removed, or it went on with another plan.
    if (events[0]?.seq !== first || events.some(({ event }) => event.type === "run-migrated")) return null;
    const lines: string[] = [];
    try {
      const folded = new FoldedRun(runId, definition);
      if (before !== null) {
        const from = readSnapshot(definition, before.body);
        if (from === null || from.content === null) return null;
        folded.restore(before.seq, from.content.state, from.content.facts);
      }
      for (const each of events) folded.foldStored(each.seq, each.event);
      compare(JSON.parse(kept.body) as Json, JSON.parse(folded.snapshotText(() => undefined, [])) as Json, "", lines);
    } catch (error) {
      lines.push(`error      ${String(error)}`);
    }
    return lines.length === 0 ? null : [`events     ${first} to ${seq} were folded once more`, ...lines];
  }
}

/** The same ones on every node and in every test. */
export function isChecked(runId: string, seq: number): boolean {
  let sum = seq;
  for (let at = 0; at < runId.length; at++) sum = (Math.imul(sum, 31) + runId.charCodeAt(at)) >>> 0;
  return sum % oneOf === 0;
}

function compare(kept: Json | undefined, told: Json | undefined, path: string, lines: string[]): void {
  if (lines.length >= mostLines || Object.is(kept, told)) return;
  if (
    typeof kept !== "object" ||
    typeof told !== "object" ||
    kept === null ||
    told === null ||
    Array.isArray(kept) !== Array.isArray(told)
  ) {
    lines.push(`state      ${path}: ${brief(kept)}; the journal tells ${brief(told)}`);
    return;
  }
  const [one, other] = [kept as Readonly<Record<string, Json>>, told as Readonly<Record<string, Json>>];
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    compare(
      Object.hasOwn(one, key) ? one[key] : undefined,
      Object.hasOwn(other, key) ? other[key] : undefined,
      path === "" ? key : `${path}.${key}`,
      lines,
    );
  }
}

function brief(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
