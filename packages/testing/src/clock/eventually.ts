/** Between two looks. */
const pauseMs = 5;
/** So long is waited by default: far longer than anything takes that is going to happen. */
const longestMs = 20_000;

/**
 * Look again and again until the condition holds, in real time: for what other processes do.
 *
 * @throws an Error that names `what`, when it does not hold within `limitMs` (default: 20 s)
 */
export async function eventually(condition: () => Promise<boolean> | boolean, what: string, limitMs: number = longestMs): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`It did not come to pass within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
