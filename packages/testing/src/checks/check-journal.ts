import type { RunEvent } from "@heddle/kernel";

const endTypes = new Set(["run-ended"]);

/**
 * What every journal must fulfil, whatever happened to the processes that wrote it. Returns the faults that it finds, in plain words; empty: none.
 *
 * Dense seq from 1 (or from where it was compacted); begins with `run-started`; every operation ends at most once per segment; every task's command is answered at most once;
 * at most one end, and nothing but a reset after it.
 */
export function journalFaults(events: readonly { readonly seq: number; readonly event: RunEvent }[]): string[] {
  const faults: string[] = [];
  const ended = new Map<string, number>();
  const answered = new Map<number, number>();
  let endSeq = 0;
  events.forEach(({ seq, event }, index) => {
    const before = events[index - 1];
    if (before !== undefined && seq !== before.seq + 1) faults.push(`seq ${seq} follows ${before.seq}`);
    if (seq === 1 && event.type !== "run-started") faults.push(`event 1 is ${event.type}, not run-started`);
    if (endSeq > 0 && event.type !== "tasks-reset" && event.type !== "run-forked")
      faults.push(`event ${seq} (${event.type}) comes after the end at ${endSeq}`);
    switch (event.type) {
      case "segment-started":
        for (const key of [...ended.keys()]) if (key.startsWith(`${event.of} `)) ended.delete(key);
        break;
      case "task-retried":
      case "run-forked":
        for (const key of ("failedOps" in event ? event.failedOps : "again" in event ? event.again : undefined) ?? [])
          for (const known of [...ended.keys()]) if (known.endsWith(` ${key}`)) ended.delete(known);
        break;
      case "op-ended": {
        const key = `${event.of} ${event.key}`;
        const first = ended.get(key);
        if (first !== undefined) faults.push(`operation ${event.key} of ${event.of} ended at ${first} and again at ${seq}`);
        ended.set(key, seq);
        break;
      }
      case "task-ended": {
        const first = answered.get(event.no);
        if (first !== undefined) faults.push(`command ${event.no} was answered at ${first} and again at ${seq}`);
        answered.set(event.no, seq);
        break;
      }
      case "tasks-reset":
        endSeq = 0;
        break;
      default:
        if (endTypes.has(event.type)) endSeq = seq;
    }
  });
  return faults;
}
