/**
 * The bars, as the issue sets them. `counted`: a count that must hold, on every machine; missing it makes the bench exit with 1.
 * `ratio`: against something measured beside it, in pairs. `rate`: an absolute figure; it moves with the machine and is only told.
 * Limits of 1 and 0 have a little room, for what happens by the clock and not by the step.
 */
export interface Bar {
  readonly kind: "counted" | "ratio" | "rate";
  /** In the words, short. */
  readonly text: string;
  readonly sense: "at most" | "at least";
  readonly limit: number;
}

export const bars = {
  "w1-chain": { kind: "ratio", text: "CPU at most 15 times the bare call chain", sense: "at most", limit: 15 },
  "w1-langgraph": { kind: "ratio", text: "at least 300 times LangGraph.js", sense: "at least", limit: 300 },
  "w1-loop": { kind: "ratio", text: "at most 4 times Effect", sense: "at most", limit: 4 },
  "w2-fan": { kind: "ratio", text: "at least p-graph", sense: "at least", limit: 1 },
  "w2-map": { kind: "rate", text: "at least 200,000 items/s at 10,000", sense: "at least", limit: 200_000 },
  "w2-growth": { kind: "ratio", text: "time per item from 1,000 to 100,000 grows no more than Effect's", sense: "at most", limit: 1 },
  "w3-kahn": { kind: "ratio", text: "at most 5 times a hand-written Kahn", sense: "at most", limit: 5 },
  "w3-growth": { kind: "ratio", text: "µs a task at 1,000,000 at most 1.5 times that at 10,000", sense: "at most", limit: 1.5 },
  "w3-heap": { kind: "counted", text: "under 200 bytes of retained heap a task", sense: "at most", limit: 200 },
  "w4-replay": {
    kind: "ratio",
    text: "at least half the rows/s of a worker thread that inserts the same rows in the same batches",
    sense: "at least",
    limit: 0.5,
  },
  "w4-appends": { kind: "counted", text: "1 append a step", sense: "at most", limit: 1 },
  "w4-fsyncs": { kind: "counted", text: "1 fsync a batch", sense: "at most", limit: 1.01 },
  "w4-reads": { kind: "counted", text: "0 reads a step", sense: "at most", limit: 0.001 },
  "w4-alone": {
    kind: "ratio",
    text: "at least 80 % of a bare worker-thread loop that commits the same rows one by one",
    sense: "at least",
    limit: 0.8,
  },
  "w5-linear": { kind: "ratio", text: "linear: the last tenth costs what the first does", sense: "at most", limit: 1.5 },
  "w5-bytes": { kind: "counted", text: "under 300 bytes of store a small step", sense: "at most", limit: 300 },
  "w5-resume": {
    kind: "ratio",
    text: "first new step within 3 times the reading of the tail, plus process start",
    sense: "at most",
    limit: 3,
  },
  "w6-heap": { kind: "counted", text: "no heap a parked run beyond a bounded cache", sense: "at most", limit: 32 },
  "w6-store": { kind: "counted", text: "under 600 bytes of store a parked run", sense: "at most", limit: 600 },
  "w6-rate": { kind: "rate", text: "at least 3,000 completed/s", sense: "at least", limit: 3_000 },
  "w7-start": { kind: "rate", text: "within 60 ms of a bare process", sense: "at most", limit: 60 },
  "w7-packages": { kind: "counted", text: "an installed heddle is at most 5 packages", sense: "at most", limit: 5 },
  "w7-size": { kind: "counted", text: "an installed heddle is at most 3 MB", sense: "at most", limit: 3 },
  "w8-events": { kind: "rate", text: "at least 100,000 events/s", sense: "at least", limit: 100_000 },
  "w9-replay": { kind: "ratio", text: "at least 40 % of re-inserting the very rows by bare fenced batches", sense: "at least", limit: 0.4 },
  "w9-round-trips": { kind: "counted", text: "at most 2 round trips a batch", sense: "at most", limit: 2 },
  "w9-peers": {
    kind: "ratio",
    text: "at least 10 times the best peer that fsyncs each step's record",
    sense: "at least",
    limit: 10,
  },
  "w10-idle": { kind: "counted", text: "an idle node with parked runs uses no more memory than with none", sense: "at most", limit: 1 },
  "w10-failover": { kind: "rate", text: "a killed node's runs go on within its lease plus one second", sense: "at most", limit: 1_000 },
  "w11-chain": { kind: "ratio", text: "CPU at most 30 times the bare call chain", sense: "at most", limit: 30 },
  "w11-langgraph": { kind: "ratio", text: "at least 150 times LangGraph.js", sense: "at least", limit: 150 },
  "w11-loop": { kind: "ratio", text: "at most 8 times Effect", sense: "at most", limit: 8 },
  "w11-fan": { kind: "ratio", text: "at least half of p-graph", sense: "at least", limit: 0.5 },
  "w11-send": { kind: "rate", text: "at least 100,000 items/s at 10,000", sense: "at least", limit: 100_000 },
  "w11-growth": {
    kind: "ratio",
    text: "time per item from 1,000 to 100,000 grows at most twice as much as Effect's",
    sense: "at most",
    limit: 2,
  },
  "w11-kahn": { kind: "ratio", text: "at most 10 times a hand-written Kahn", sense: "at most", limit: 10 },
  "w11-replay": {
    kind: "ratio",
    text: "at least a quarter of the rows/s of a worker thread that inserts the same rows in the same batches",
    sense: "at least",
    limit: 0.25,
  },
  "w11-events": { kind: "rate", text: "at least 50,000 events/s", sense: "at least", limit: 50_000 },
  "w11-definition": { kind: "ratio", text: "validated and compiled within 10 times JSON.parse of its text", sense: "at most", limit: 10 },
  "w11-bytes": { kind: "counted", text: "at most 3 kB of store a step that adds 1 kB to the state", sense: "at most", limit: 3_000 },
} as const satisfies Record<string, Bar>;

export type BarId = keyof typeof bars;

export function meets(bar: Bar, measured: number): boolean {
  return bar.sense === "at most" ? measured <= bar.limit : measured >= bar.limit;
}
