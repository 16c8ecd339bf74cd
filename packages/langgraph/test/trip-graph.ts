import { Annotation, type BaseCheckpointSaver, END, interrupt, Send, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  goal: Annotation<string>,
  notes: Annotation<string[]>({ reducer: (notes, more) => [...notes, ...more], default: () => [] }),
  prices: Annotation<Record<string, number>>({ reducer: (prices, more) => ({ ...prices, ...more }), default: () => ({}) }),
  booked: Annotation<string | null>,
});

const Night = Annotation.Root({
  city: Annotation<string>,
  notes: Annotation<string[]>({ reducer: (notes, more) => [...notes, ...more], default: () => [] }),
});

/**
 * A program as people write them: two branches side by side, a task sent for each city, a subgraph that asks a person, and a question at the end.
 *
 * @param ran told the name of each node that runs
 */
export function tripGraph(checkpointer: BaseCheckpointSaver, ran: (node: string) => void | Promise<void>) {
  const night = new StateGraph(Night)
    .addNode("search", async ({ city }) => {
      await ran("search");
      return { notes: [`rooms in ${city}`] };
    })
    .addNode("pick", async ({ city }) => {
      const room: string = interrupt(`Which room in ${city}?`);
      await ran("pick");
      return { notes: [`room ${room} in ${city}`] };
    })
    .addEdge(START, "search")
    .addEdge("search", "pick")
    .addEdge("pick", END)
    .compile();
  return new StateGraph(State)
    .addNode("weather", async () => {
      await ran("weather");
      return { notes: ["sunny"] };
    })
    .addNode("trains", async () => {
      await ran("trains");
      return { notes: ["two trains"] };
    })
    .addNode("price", async ({ city }: { city: string }) => {
      await ran(`price ${city}`);
      return { prices: { [city]: city.length } };
    })
    .addNode("choose", async ({ prices }) => {
      await ran("choose");
      return { notes: [`prices of ${Object.keys(prices).sort().join(" and ")}`] };
    })
    .addNode("night", async ({ goal }) => {
      const { notes } = (await night.invoke({ city: goal })) as { notes: string[] };
      return { notes };
    })
    .addNode("book", async ({ goal }) => {
      const { sure } = interrupt({ question: `Book ${goal}?` }) as { sure: boolean };
      await ran("book");
      return { booked: sure ? goal : null };
    })
    .addEdge(START, "weather")
    .addEdge(START, "trains")
    .addConditionalEdges("weather", () => ["Bern", "Ulm"].map((city) => new Send("price", { city })), ["price"])
    .addEdge("price", "choose")
    .addEdge("choose", "night")
    .addEdge("night", "book")
    .addEdge("book", END)
    .compile({ checkpointer });
}
