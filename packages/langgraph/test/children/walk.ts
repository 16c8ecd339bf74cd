// ADDRESS LOG [hang]: a graph of four nodes, each of which writes its name into the log. With "hang" the slow one never ends.
import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { HeddleSaver } from "@heddle/langgraph";

const [address = "", log = "", mode] = process.argv.slice(2);
const config = { configurable: { thread_id: "walk" }, durability: "sync" as const };
const State = Annotation.Root({ seen: Annotation<string[]>({ reducer: (seen, more) => [...seen, ...more], default: () => [] }) });

const saver = await HeddleSaver.open(address);
const node = (name: string) => () => {
  appendFileSync(log, `${name}\n`);
  return { seen: [name] };
};

const graph = new StateGraph(State)
  .addNode("first", node("first"))
  .addNode("quick", node("quick"))
  .addNode("slow", async () => {
    if (mode !== "hang") return node("slow")();
    // What the quick one beside it wrote is in the store: now is the moment.
    const written = async (): Promise<boolean> =>
      ((await saver.getTuple(config))?.pendingWrites ?? []).some(([, channel, value]) => channel === "seen" && String(value) === "quick");
    while (!(await written())) await pause(5);
    process.stdout.write("hangs\n");
    return new Promise<never>(() => setInterval(() => {}, 1_000));
  })
  .addNode("last", node("last"))
  .addEdge(START, "first")
  .addEdge("first", "quick")
  .addEdge("first", "slow")
  .addEdge(["quick", "slow"], "last")
  .addEdge("last", END)
  .compile({ checkpointer: saver });

const { next } = await graph.getState(config);
const { seen } = await graph.invoke(next.length === 0 ? { seen: [] } : null, config);
process.stdout.write(`${JSON.stringify(seen)}\n`);
await saver.close();
