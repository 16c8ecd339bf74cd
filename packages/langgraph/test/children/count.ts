// ADDRESS NAME COUNT: writes so many values to thread "shared", each on top of the checkpoint that is the newest then.
import { emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import { HeddleSaver } from "@heddle/langgraph";

const [address = "", name = "", count = "0"] = process.argv.slice(2);
await using saver = await HeddleSaver.open(address);
for (let nth = 1; nth <= Number(count); nth++) {
  const newest = await saver.getTuple({ configurable: { thread_id: "shared" } });
  const checkpoint = { ...emptyCheckpoint(), id: uuid6(nth), channel_values: { by: `${name} ${nth}` }, channel_versions: { by: nth } };
  const config = await saver.put(
    newest?.config ?? { configurable: { thread_id: "shared", checkpoint_ns: "" } },
    checkpoint,
    { source: "loop", step: nth, parents: {} },
    { by: nth },
  );
  await saver.putWrites(config, [["by", `after ${name} ${nth}`]], `${name}-${nth}`);
}
