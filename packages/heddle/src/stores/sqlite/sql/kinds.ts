import type { Connection, Row } from "../connection.ts";

/** A workflow in one version. */
export interface Kind extends Row {
  kind: number;
  workflow: string;
  version: string | null;
}

export interface Kinds {
  all(): Kind[];
  insert(workflow: string, version: string | null): number;
}

export function kinds(connection: Connection): Kinds {
  const select = connection.statement("SELECT kind, workflow, version FROM heddle_kind");
  const insert = connection.statement("INSERT INTO heddle_kind (workflow, version) VALUES (?, ?)");
  return { all: () => select.all<Kind>(), insert: (workflow, version) => insert.insert(workflow, version)! };
}

/** Is this kind one of `workflows`: as `name@version`, or as `name` without a version? */
export function isKindOf(kind: Kind, workflows: ReadonlySet<string> | null): boolean {
  return workflows === null || workflows.has(kind.version === null ? kind.workflow : `${kind.workflow}@${kind.version}`);
}
