import type { NodeRow } from "@heddle/kernel";
import type { Connection, Row } from "../connection.ts";

export interface NodeState extends Row {
  node: number;
  name: string;
  /** When it was declared dead; null: it was not. */
  died_at: number | null;
}

interface NodeRecord extends Row {
  name: string;
  info: string;
  seen: number | null;
  until: number | null;
  died_at: number | null;
  left_at: number | null;
  owned: number;
  /** JSON */
  duties: string;
}

export interface Nodes {
  find(name: string): NodeState | null;
  insert(name: string): number;
  /** It lives until then, by a heartbeat that holds for so long. */
  renew(node: number, untilMs: number, leaseMs: number): void;
  /** What it says of itself. */
  describe(node: number, info: string): void;
  /** Those that have described themselves. */
  described(): NodeRow[];
  /** Declare the nodes dead whose heartbeat ran out before this time, or was given by a clock that has been set back since. */
  bury(nowMs: number): void;
  /** Numbers of the runs whose owner has no heartbeat. */
  runsWithoutOwner(): number[];
  runsOf(node: number): number[];
  leave(node: number, nowMs: number): void;
  /** Forget nodes that died or left before a time: nobody will ask for them any more. */
  forget(diedBeforeMs: number, leftBeforeMs: number): void;
}

export function nodes(connection: Connection): Nodes {
  const find = connection.statement("SELECT node, name, died_at FROM heddle_node WHERE name = ?");
  const insert = connection.statement("INSERT INTO heddle_node (name) VALUES (?)");
  const renew = connection.statement(
    `UPDATE heddle_node SET until = ?2, lease = ?3, died_at = NULL, left_at = NULL, seen = CASE WHEN ?3 > 0 THEN ?2 - ?3 ELSE seen END WHERE node = ?1`,
  );
  const bury = connection.statement("UPDATE heddle_node SET until = NULL, died_at = ?1 WHERE until < ?1 OR until - 2 * lease > ?1");
  const orphans = connection.statement(
    "SELECT run FROM heddle_run WHERE owner IS NOT NULL AND owner IN (SELECT node FROM heddle_node WHERE until IS NULL) ORDER BY run",
  );
  const owned = connection.statement("SELECT run FROM heddle_run WHERE owner = ? ORDER BY run");
  const leave = connection.statement("UPDATE heddle_node SET until = NULL, died_at = NULL, left_at = ? WHERE node = ?");
  const describe = connection.statement("UPDATE heddle_node SET info = ?, left_at = NULL WHERE node = ?");
  const described = connection.statement(
    `SELECT n.name, n.info, n.seen, n.until, n.died_at, n.left_at, (SELECT count(*) FROM heddle_run r WHERE r.owner = n.node) AS owned,
       (SELECT json_group_array(duty) FROM (SELECT duty FROM heddle_duty d WHERE d.node = n.node ORDER BY duty)) AS duties
     FROM heddle_node n WHERE n.info IS NOT NULL ORDER BY n.name`,
  );
  const forget = connection.statement(
    "DELETE FROM heddle_node WHERE (died_at < ? OR left_at < ?) AND node NOT IN (SELECT owner FROM heddle_run WHERE owner IS NOT NULL)",
  );
  const numbers = (rows: readonly (Row & { run: number })[]): number[] => rows.map(({ run }) => run);
  return {
    find: (name) => find.get<NodeState>(name) ?? null,
    insert: (name) => insert.insert(name)!,
    renew: (node, untilMs, leaseMs) => void renew.run(node, untilMs, leaseMs),
    describe: (node, info) => void describe.run(info, node),
    described: () => described.all<NodeRecord>().map(toNodeRow),
    bury: (nowMs) => void bury.run(nowMs),
    runsWithoutOwner: () => numbers(orphans.all()),
    runsOf: (node) => numbers(owned.all(node)),
    leave: (node, nowMs) => void leave.run(nowMs, node),
    forget: (diedBeforeMs, leftBeforeMs) => void forget.run(diedBeforeMs, leftBeforeMs),
  };
}

function toNodeRow({ name, info, seen, until, died_at, left_at, owned, duties }: NodeRecord): NodeRow {
  return {
    node: name,
    info,
    seenAtMs: seen,
    untilMs: until,
    diedAtMs: died_at,
    leftAtMs: left_at,
    owned,
    duties: JSON.parse(duties) as string[],
  };
}
