// A writer's thread that comes up, and ends at the first call.
import { type MessagePort, workerData } from "node:worker_threads";

const { port, signal } = workerData as { port: MessagePort; signal: SharedArrayBuffer };
port.postMessage({ type: "up" }, []);
Atomics.wait(new Int32Array(signal), 0, 0);
process.exit(3);
