import type { ErrorValue, OpKind, Outcome } from "@heddle/kernel";

// The tree that keys make: `inspect/12` is a member of the group `inspect`.

/** Operations whose keys begin alike: those of a map, a race, an `all`. */
export interface ProgressGroup {
  readonly kind: "group";
  readonly name: string;
  /** Shown as one line with counts. Never goes back: a tree that folds and unfolds cannot be read. */
  folded: boolean;
  /** Operations to come in all, where that is known. */
  total: number | null;
  ended: number;
  failed: number;
  startedAtMs: number;
  endedAtMs: number;
  /** Ended members that are no longer held, of a group that is not folded. */
  hidden: number;
  /** Members in the order in which they were first seen; of a folded group only those under way. */
  readonly members: Map<string, ProgressGroup | ProgressOperation>;
}

export interface ProgressOperation {
  readonly kind: "operation";
  name: string;
  readonly key: string;
  op: OpKind | "task";
  /** How often it has ended: tasks of a plan may run more than once. */
  times: number;
  status: "running" | "waiting" | "retrying" | Outcome["status"];
  attempt: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  dueAtMs: number | null;
  signal: string | null;
  child: string | null;
  question: unknown;
  error: ErrorValue | null;
  /** What it last said of itself. */
  says: string;
}

/** More operations than this in one group fold it. */
const unfolded = 12;

/** The root holds so many; then the oldest that ended well are only counted. */
const held = 200;

/** Operations under way, in a folded group too. */
export function* openOperations(group: ProgressGroup): Generator<ProgressOperation> {
  for (const member of group.members.values()) {
    if (member.kind === "group") yield* openOperations(member);
    else if (isOpen(member)) yield member;
  }
}

export function isOpen(operation: ProgressOperation): boolean {
  return operation.status === "running" || operation.status === "waiting" || operation.status === "retrying";
}

function pathOf(key: string): readonly string[] {
  return key.split("/");
}

/** The operation under this key, made where there is none: a step's start is not recorded, so its end may be the first news of it. */
export function operationAt(root: ProgressGroup, key: string, atMs: number): ProgressOperation {
  const path = pathOf(key);
  let group = root;
  for (const [depth, name] of path.entries()) {
    if (group.folded) return memberOperation(group, key, key, atMs);
    if (depth === path.length - 1) {
      const there = group.members.get(name);
      if (there?.kind === "group") return memberOperation(group, `${name}/`, key, atMs);
      const operation = memberOperation(group, name, key, atMs);
      foldIfLarge(group, path.slice(0, depth).join("/"));
      return operation;
    }
    group = memberGroup(group, name, atMs);
  }
  throw new TypeError("A key has at least one part.");
}

function memberGroup(group: ProgressGroup, name: string, atMs: number): ProgressGroup {
  const there = group.members.get(name);
  if (there?.kind === "group") return there;
  const made = newGroup(name, atMs);
  // An operation whose key is the beginning of others, as `ship` and `ship/label`, keeps its own line.
  if (there !== undefined) group.members.set(`${name}/`, there);
  group.members.set(name, made);
  return made;
}

function memberOperation(group: ProgressGroup, at: string, key: string, atMs: number): ProgressOperation {
  const there = group.members.get(at);
  if (there?.kind === "operation") return there;
  const made: ProgressOperation = {
    kind: "operation",
    name: key.slice(key.lastIndexOf("/") + 1),
    key,
    op: "step",
    status: "running",
    attempt: 1,
    startedAtMs: null,
    endedAtMs: null,
    dueAtMs: null,
    signal: null,
    child: null,
    question: undefined,
    error: null,
    says: "",
    times: 0,
  };
  group.members.set(at, made);
  group.startedAtMs ||= atMs;
  return made;
}

function* groupsAlong(root: ProgressGroup, path: readonly string[]): Generator<ProgressGroup> {
  let group = root;
  yield group;
  for (const name of path.slice(0, -1)) {
    const next = group.members.get(name);
    if (group.folded || next?.kind !== "group") return;
    group = next;
    yield group;
  }
}

// Numbered members are items of a map; many members are no longer a list that a person reads. The root stays a list.
function foldIfLarge(group: ProgressGroup, key: string): void {
  if (key === "" || group.folded) return;
  const numbered = group.members.size > 1 && [...group.members.keys()].every((name) => /^\d+$/u.test(name));
  if (numbered || group.members.size > unfolded) fold(group, key);
}

function fold(group: ProgressGroup, key: string): void {
  if (group.folded) return;
  const open = [...openOperations(group)];
  group.folded = true;
  group.members.clear();
  for (const operation of open) {
    operation.name = operation.key.slice(key.length + 1);
    group.members.set(operation.key, operation);
  }
}

/** The function will do this operation again: as if it had never been. */
export function forgetOperation(root: ProgressGroup, key: string): void {
  const path = pathOf(key);
  let last = root;
  const along = [...groupsAlong(root, path)];
  for (const group of along) last = group;
  const name = last.folded ? key : (path.at(-1) ?? key);
  const there = last.members.get(name);
  last.members.delete(name);
  const wasHeld = there?.kind === "operation" && !isOpen(there);
  if (there === undefined && last.hidden > 0) last.hidden--;
  if (!wasHeld && there !== undefined) return;
  for (const group of along) {
    group.ended = Math.max(0, group.ended - 1);
    group.failed = Math.max(0, group.failed - 1);
  }
}

/** Nothing goes on in a run that has ended. */
export function closeAll(group: ProgressGroup, atMs: number): void {
  for (const operation of openOperations(group)) {
    operation.status = "cancelled";
    operation.endedAtMs = atMs;
    operation.dueAtMs = null;
  }
}

export function newGroup(name: string, atMs: number): ProgressGroup {
  return {
    kind: "group",
    name,
    folded: false,
    total: null,
    ended: 0,
    failed: 0,
    hidden: 0,
    startedAtMs: atMs,
    endedAtMs: atMs,
    members: new Map(),
  };
}

/** Count an end in all groups around it. Of a folded group nothing else is kept. */
export function countEnd(root: ProgressGroup, key: string, failed: boolean, atMs: number): void {
  for (const group of groupsAlong(root, pathOf(key))) {
    group.ended++;
    if (failed) group.failed++;
    group.endedAtMs = atMs;
    if (group.folded) {
      group.members.delete(key);
      break;
    }
  }
  if (root.members.size > held) hideOldest(root);
}

/** There will be so many operations under this key: it is a group, and folded. */
export function expectTotal(root: ProgressGroup, key: string, total: number, atMs: number): void {
  let group = root;
  for (const name of pathOf(key)) {
    if (group.folded) return;
    group = memberGroup(group, name, atMs);
  }
  group.total = total;
  fold(group, key);
}

function hideOldest(group: ProgressGroup): void {
  for (const [name, member] of group.members) {
    const over =
      member.kind === "operation" ? member.status === "completed" : member.failed === 0 && openOperations(member).next().done === true;
    if (!over) continue;
    group.members.delete(name);
    group.hidden += member.kind === "operation" ? 1 : member.ended;
    return;
  }
}
