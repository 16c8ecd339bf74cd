/** Do `total` jobs, `inFlight` at once, in order of their number. */
export async function pool(total: number, inFlight: number, job: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < total) await job(next++);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, total) }, worker));
}
