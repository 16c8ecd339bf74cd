import { workflow, type Workflow } from "heddle";

export interface Count {
  readonly from: number;
  readonly total: number;
  readonly sum: number;
}

/**
 * Counts to `total`, 500 steps a segment, then waits for a word. `seen` gets what must be the same however it was recovered: a random id and
 * an idempotency key. `look` is called in each step.
 */
export function countingFunction(
  seen: string[] = [],
  look: (index: number) => void = () => {},
): Workflow<Count, { readonly sum: number; readonly word: string }> {
  return workflow("counter", async (ctx, input: Count) => {
    const draw = ctx.uuid("draw");
    let { sum } = input;
    for (let index = input.from; index < Math.min(input.from + 500, input.total); index++) {
      sum += await ctx.step(`s${index}`, () => {
        look(index);
        return 1;
      });
    }
    if (input.from + 500 < input.total) return ctx.continueAs({ ...input, from: input.from + 500, sum });
    const word = await ctx.receive<string>("word", "word");
    await ctx.step("last", ({ idempotencyKey }) => void seen.push(draw, idempotencyKey));
    return { sum, word };
  });
}
