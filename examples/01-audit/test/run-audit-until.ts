// A process of its own for the test of kill -9: `node run-audit-until.ts STORE INPUT UNTIL` runs the audit, or goes on with
// it, and kills itself, as the system does when memory runs out, at the first event from seq UNTIL on, or, when that is
// `ask`, at the first question. Prints the last seq.
import { open } from "heddle";
import audit from "../audit.ts";

const [store = "", input = "", until = ""] = process.argv.slice(2);

// A short lease: the process before this one is dead, and its runs are to be taken over at once.
await using engine = await open(store, { workflows: [audit], leaseMs: 300 });
const run = await engine.start(audit, JSON.parse(input), { id: "audit" });
let last = 0;
for await (const event of run.events()) {
  last = event.seq;
  if (until === "ask" ? event.type === "op-opened" && event.op === "ask" : last >= Number(until)) process.kill(process.pid, "SIGKILL");
}
await run.result();
process.stdout.write(String(last));
