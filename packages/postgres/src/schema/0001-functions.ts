import { claims } from "./0001-claims.ts";
import { commits } from "./0001-commits.ts";
import { guard } from "./0001-guard.ts";
import { limits } from "./0001-limits.ts";
import { nodes } from "./0001-nodes.ts";
import { runs } from "./0001-runs.ts";
import { tails } from "./0001-tails.ts";

/**
 * What a commit, a claim and the rest do, inside the database: one round trip each, one transaction each.
 *
 * Locks are taken in one order everywhere: nodes, then limits, then runs by id. A node's row, locked by a commit for sharing, keeps the node
 * from being declared dead until the commit is over: so the rows of its runs need no lock, and a step writes nothing but its event.
 *
 * @param s the schema's name, quoted
 */
export const functions = (s: string): string => [runs, limits, commits, claims, tails, nodes, guard].map((part) => part(s)).join("");
