import type { Activation } from "@heddle/kernel";

/**
 * What a question is answered by, unique among the open ones of its run. Of a durable function it is the question's key; of another task's question the
 * task stands before it, with the place of an item that was sent to it and the count of its starts where it is not the first: `review/approve`,
 * `review[3]/approve`, `review#2/approve`.
 */
export function questionId({ task, scope, nth }: Pick<Activation, "task" | "scope" | "nth">, key: string): string {
  if (task === "main" && scope.length === 0 && nth === 1) return key;
  const items = scope.map(([kind, value]) => (kind === "item" ? `[${value}]` : "")).join("");
  return `${task}${items}${nth === 1 ? "" : `#${nth}`}/${key}`;
}
