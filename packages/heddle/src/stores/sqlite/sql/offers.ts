import { type ClaimTerms, claimTerms, nameMark, type WakeOptions } from "@heddle/kernel";
import type { Connection, Row } from "../connection.ts";
import { isKindOf, type Kind } from "./kinds.ts";

/** A kind of which a claim may take runs. */
export interface OfferedKind {
  readonly kind: number;
  readonly terms: ClaimTerms;
}

export interface Offers {
  /** The kinds of which a claim with these options takes runs. */
  of(kinds: readonly Kind[], options: WakeOptions, nowMs: number): OfferedKind[];
  /** How many more runs of the kind the node may own. @param node its number; null: nobody's */
  room(offered: OfferedKind, node: number | null): number;
}

/** What sorts behind every name that a mark and more follow. */
const afterMark = String.fromCharCode(nameMark.charCodeAt(0) + 1);

export function offers(connection: Connection): Offers {
  const lives = connection.statement(
    "SELECT 1 FROM heddle_node WHERE (name = ?1 OR (name > ?1 || ?3 AND name < ?1 || ?4)) AND until >= ?2 LIMIT 1",
  );
  // Of the index alone, and never more of it than the bound.
  const owned = connection.statement(
    "SELECT count(*) AS owned FROM (SELECT 1 FROM heddle_run INDEXED BY heddle_run_owner WHERE owner = ? AND kind = ? LIMIT ?)",
  );
  return {
    of(kinds, options, nowMs) {
      const names = options.workflows === undefined ? null : new Set(options.workflows);
      return kinds.flatMap((kind) => {
        if (!isKindOf(kind, names)) return [];
        const terms = claimTerms(kind.queue, kind.demand, options, (node) => lives.get(node, nowMs, nameMark, afterMark) !== undefined);
        return terms === null ? [] : [{ kind: kind.kind, terms }];
      });
    },
    room({ kind, terms: { most } }, node) {
      if (most === null) return Number.POSITIVE_INFINITY;
      return node === null ? most : most - (owned.get<Row & { owned: number }>(node, kind, most)?.owned ?? 0);
    },
  };
}
