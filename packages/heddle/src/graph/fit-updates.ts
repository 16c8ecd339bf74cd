/** Updates whose values stood in a state before: their schemas have made of them what they make. */
const fit = new WeakSet<object>();

export function markFit<U extends object>(update: U): U {
  fit.add(update);
  return update;
}

export function isFit(update: unknown): boolean {
  return typeof update === "object" && update !== null && fit.has(update);
}
