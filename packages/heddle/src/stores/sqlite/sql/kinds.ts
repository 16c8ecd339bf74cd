import { type Placement, readPlacement } from "@heddle/kernel";
import type { Connection, Row } from "../connection.ts";

/** What makes runs of one kind. */
export interface KindName {
  readonly workflow: string;
  readonly version: string | null;
  readonly queue: string;
  /** As its runs have it, canonical JSON. */
  readonly placement: string | null;
}

/** A workflow in one version, and what its runs demand of a node. */
export interface Kind extends KindName {
  readonly kind: number;
  readonly demand: Placement | null;
}

export interface Kinds {
  all(): Kind[];
  insert(name: KindName): Kind;
}

export function kinds(connection: Connection): Kinds {
  const select = connection.statement("SELECT kind, workflow, version, queue, placement FROM heddle_kind");
  const insert = connection.statement("INSERT INTO heddle_kind (workflow, version, queue, placement) VALUES (?, ?, ?, ?)");
  // Placements are texts that never change: each is read once.
  const placements = new Map<string | null, Placement | null>();
  const read = (text: string | null): Placement | null => {
    let placement = placements.get(text);
    if (placement === undefined) placements.set(text, (placement = readPlacement(text)));
    return placement;
  };
  return {
    all: () => select.all<Row & KindName & { kind: number }>().map((row) => ({ ...row, demand: read(row.placement) })),
    insert: ({ workflow, version, queue, placement }) => {
      const kind = insert.insert(workflow, version, queue, placement)!;
      return { kind, workflow, version, queue, placement, demand: read(placement) };
    },
  };
}

/** Is this kind one of `workflows`: as `name@version`, or as `name` without a version? */
export function isKindOf(kind: Kind, workflows: ReadonlySet<string> | null): boolean {
  return workflows === null || workflows.has(kind.version === null ? kind.workflow : `${kind.workflow}@${kind.version}`);
}
