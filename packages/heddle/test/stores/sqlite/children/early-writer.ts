// A writer's thread that says at once that it is up, leaves a mark in the shared counters, and then does nothing.
import { type MessagePort, workerData } from "node:worker_threads";
import { SharedCounters } from "../../../../src/stores/sqlite/counters.ts";

const { port, signal, counters } = workerData as { port: MessagePort; signal: SharedArrayBuffer; counters: SharedArrayBuffer };
port.postMessage({ type: "up" }, []);
new SharedCounters(counters).checkpoint();
Atomics.wait(new Int32Array(signal), 0, 0);
