// W10: a node stops for good with all its runs under way; another goes on with them when its lease is over.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, workflow } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";

const never = new Promise<never>(() => {});

/** @param role `killed` in the process that dies; else this one starts it, kills it and takes over */
export async function measure({ url, runs, leaseMs, role = "takes over" }: Parameters): Promise<Sample> {
  const total = Number(runs);
  let begun = 0;
  const all = Promise.withResolvers<void>();
  const job = workflow("job", (ctx) =>
    ctx.step("step", () => {
      if (++begun === total) all.resolve();
      return role === "killed" ? never : Promise.resolve();
    }),
  );
  const engine = await open(String(url), {
    workflows: [job],
    node: String(role).replace(" ", "-"),
    leaseMs: Number(leaseMs),
    concurrency: total,
    drainMs: 0,
  });
  if (role === "killed") {
    for (let index = 0; index < total; index++) await engine.start(job, null);
    await all.promise;
    process.stdout.write("ready\n");
    await never;
  }
  const child = spawn(
    process.execPath,
    [...process.execArgv, ...process.argv.slice(1, 3), JSON.stringify({ url, runs, leaseMs, role: "killed" })],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let said = "";
  for await (const piece of child.stdout) {
    said += String(piece);
    if (said.includes("ready")) break;
  }
  // Stopped, not killed: of a process of this machine that is gone one learns without its lease, of one on another machine by nothing else.
  child.kill("SIGSTOP");
  const stoppedAt = performance.now();
  await all.promise;
  const overMs = performance.now() - stoppedAt - Number(leaseMs);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  await engine.close();
  return { overMs };
}
