import type { Kept } from "./run-state.ts";
import type { Frame, Scope } from "./scope.ts";

const kindOrder: Readonly<Record<Frame[0], number>> = { group: 0, spawn: 1, item: 2, corr: 3, tenant: 4, key: 5 };

/** The order in which a round's ends are worked off: by task, scope, then `nth`; the order of their answers says nothing. */
export function canonically(one: Kept, other: Kept): number {
  const a = one.record;
  const b = other.record;
  if (a.at !== b.at) return a.at - b.at;
  return (a.scope === b.scope ? 0 : compareScopes(a.scope, b.scope)) || a.nth - b.nth;
}

function compareScopes(a: Scope, b: Scope): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const one = a[index]!;
    const other = b[index]!;
    if (one === other) continue;
    const order = kindOrder[one[0]] - kindOrder[other[0]] || compareValues(one, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareValues(one: Frame, other: Frame): number {
  const [kind, a] = one;
  const b = other[1];
  if (kind === "spawn") {
    const [first, second] = [spawnParts(a), spawnParts(b)];
    return first[0] - second[0] || first[1] - second[1];
  }
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `no`, and which spawn of that activation. */
function spawnParts(value: string | number): readonly [number, number] {
  if (typeof value === "number") return [value, 1];
  const dot = value.indexOf(".");
  return [Number(value.slice(0, dot)), Number(value.slice(dot + 1))];
}
