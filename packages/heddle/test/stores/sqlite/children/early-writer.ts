// A writer's thread that says at once that it is up, and then does nothing.
import { type MessagePort, workerData } from "node:worker_threads";

const { port, signal } = workerData as { port: MessagePort; signal: SharedArrayBuffer };
port.postMessage({ type: "up" }, []);
Atomics.wait(new Int32Array(signal), 0, 0);
