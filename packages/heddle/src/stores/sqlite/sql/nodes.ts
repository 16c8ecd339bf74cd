import type { Connection, Row } from "../connection.ts";

export interface NodeState extends Row {
  node: number;
  name: string;
  /** When it was declared dead; null: it was not. */
  died_at: number | null;
}

export interface Nodes {
  find(name: string): NodeState | null;
  insert(name: string): number;
  /** It lives until then, by a heartbeat that holds for so long. */
  renew(node: number, untilMs: number, leaseMs: number): void;
  /** Declare the nodes dead whose heartbeat ran out before this time, or was given by a clock that has been set back since. */
  bury(nowMs: number): void;
  /** Numbers of the runs whose owner has no heartbeat. */
  runsWithoutOwner(): number[];
  runsOf(node: number): number[];
  remove(node: number): void;
  /** Forget nodes that died before a time: nobody will ask for them any more. */
  forgetDead(beforeMs: number): void;
}

export function nodes(connection: Connection): Nodes {
  const find = connection.statement("SELECT node, name, died_at FROM heddle_node WHERE name = ?");
  const insert = connection.statement("INSERT INTO heddle_node (name) VALUES (?)");
  const renew = connection.statement("UPDATE heddle_node SET until = ?, lease = ?, died_at = NULL WHERE node = ?");
  const bury = connection.statement("UPDATE heddle_node SET until = NULL, died_at = ?1 WHERE until < ?1 OR until - 2 * lease > ?1");
  const orphans = connection.statement(
    "SELECT run FROM heddle_run WHERE owner IS NOT NULL AND owner IN (SELECT node FROM heddle_node WHERE until IS NULL) ORDER BY run",
  );
  const owned = connection.statement("SELECT run FROM heddle_run WHERE owner = ? ORDER BY run");
  const remove = connection.statement("DELETE FROM heddle_node WHERE node = ?");
  const forget = connection.statement(
    "DELETE FROM heddle_node WHERE died_at < ? AND node NOT IN (SELECT owner FROM heddle_run WHERE owner IS NOT NULL)",
  );
  const numbers = (rows: readonly (Row & { run: number })[]): number[] => rows.map(({ run }) => run);
  return {
    find: (name) => find.get<NodeState>(name) ?? null,
    insert: (name) => insert.insert(name)!,
    renew: (node, untilMs, leaseMs) => void renew.run(untilMs, leaseMs, node),
    bury: (nowMs) => void bury.run(nowMs),
    runsWithoutOwner: () => numbers(orphans.all()),
    runsOf: (node) => numbers(owned.all(node)),
    remove: (node) => void remove.run(node),
    forgetDead: (beforeMs) => void forget.run(beforeMs),
  };
}
