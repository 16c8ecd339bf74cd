import type { NodeRow } from "@heddle/kernel";
import { fromKept } from "./text.ts";

/** A row of the view `node_row`. */
export interface NodeRecord {
  readonly name: string;
  readonly info: string;
  readonly seen: number | null;
  readonly until: number | null;
  readonly died_at: number | null;
  readonly left_at: number | null;
  readonly owned: number;
  readonly duties: readonly string[];
}

export function toNodeRow({ name, info, seen, until, died_at, left_at, owned, duties }: NodeRecord): NodeRow {
  return {
    node: fromKept(name),
    info: fromKept(info),
    seenAtMs: seen,
    untilMs: until,
    diedAtMs: died_at,
    leftAtMs: left_at,
    owned,
    duties: duties.map(fromKept),
  };
}
