// An engine in a process with a small heap: a step's result of 200 MB and a signal of 50 MB are refused while another run goes on. Says what came of each.
import { hasCode, open, workflow } from "heddle";

const [address = ""] = process.argv.slice(2);
const megabyte = 1_000_000;
const makers: Record<string, () => unknown> = {
  text: () => Buffer.alloc(200 * megabyte, "x").toString("latin1"),
  "text of two bytes": () => Buffer.alloc(200 * megabyte, "ž", "utf16le").toString("utf16le"),
  bytes: () => new Uint8Array(200 * megabyte),
  // Small in memory, and as JSON larger than any limit.
  shared: () => {
    const line = "x".repeat(megabyte);
    return Array.from({ length: 200 }, () => line);
  },
};
const codes: Record<string, unknown> = {};
const messages: string[] = [];
const told = (what: string, error: unknown): void => {
  const own = hasCode(error, "VALUE_TOO_LARGE") ? error : (error as Error).cause;
  codes[what] = (own as { code?: unknown }).code;
  messages.push((own as Error).message);
};
const large = workflow("large", async (ctx, kind: string) => ctx.step("make", () => makers[kind]?.()));
const waiting = workflow("waiting", async (ctx) => ctx.receive<string>("word", "word"));
const busy = workflow("busy", async (ctx) => {
  for (let index = 0; index < 300; index++) await ctx.step(`s${index}`, () => new Promise((resolve) => setImmediate(resolve)));
  return "done";
});
await using engine = await open(address, { workflows: [large, waiting, busy] });
const other = await engine.start(busy, undefined);
const receiver = await engine.start(waiting, undefined, { id: "w" });
for (const kind of Object.keys(makers)) {
  try {
    await (await engine.start(large, kind)).result();
  } catch (error) {
    told(kind, error);
  }
}
try {
  await engine.signal("w", "word", "y".repeat(50 * megabyte));
} catch (error) {
  told("signal", error);
}
await engine.signal("w", "word", "small");
console.log(JSON.stringify({ codes, messages, received: await receiver.result(), other: await other.result() }));
