/** Gates that open in this order once all of them are waited at, each after what the one before set off has come to rest. */
export function settleInOrder(order: readonly string[]): { gate(name: string): Promise<void>; all(): readonly string[] } {
  const waiting = new Map<string, () => void>();
  const opened: string[] = [];
  const openNext = (): void => {
    const name = order[opened.length];
    if (name === undefined) return;
    opened.push(name);
    waiting.get(name)?.();
    setImmediate(openNext);
  };
  return {
    gate: (name) =>
      new Promise((resolve) => {
        waiting.set(name, resolve);
        if (waiting.size === order.length) setImmediate(openNext);
      }),
    all: () => opened,
  };
}
