// LangGraph's own suite for checkpointers. Run by validation.test.ts, under vitest: the suite wants its globals.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HeddleSaver } from "@heddle/langgraph";
import { storeAddress } from "@heddle/testing";
import { deltaChannelHistoryTests, validate } from "@langchain/langgraph-checkpoint-validation";

const folder = mkdtempSync(join(tmpdir(), "heddle-langgraph-"));
const postgres = process.env["HEDDLE_POSTGRES"];

const addresses: Readonly<Record<string, string>> = {
  memory: "memory:",
  sqlite: `sqlite:${join(folder, "heddle.db")}`,
  ...(postgres === undefined ? null : { postgres: storeAddress(postgres, `langgraph_${process.pid}`) }),
};

for (const [name, address] of Object.entries(addresses)) {
  let opened: Promise<HeddleSaver> | undefined;
  const initializer = {
    checkpointerName: `HeddleSaver on ${name}`,
    createCheckpointer: () => (opened ??= HeddleSaver.open(address)),
    async destroyCheckpointer(saver: HeddleSaver) {
      const threads = new Set<string>();
      for await (const { config } of saver.list({})) threads.add(config.configurable?.["thread_id"] as string);
      for (const thread of threads) await saver.deleteThread(thread);
    },
    async afterAll() {
      await (await opened)?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  validate(initializer);
  deltaChannelHistoryTests(initializer);
}
