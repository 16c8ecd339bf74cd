// Effect, measured as our own drivers measure. Copied into the peer's folder, where its packages are found.
import { Deferred, Effect } from "effect";

const step = (n) => Effect.promise(async () => n + 1);

/** @param what `sequence` of `size` steps, `fan` 1-size-1, `map` over `size` items, `dag` of `size` tasks */
export async function measure({ what, size }, { timeFewCalls, timePerCall, layeredDag }) {
  const program = programs[what](size, layeredDag);
  const { wallUs, cpuUs } = await (what === "map" || what === "dag" ? timeFewCalls : timePerCall)(() => Effect.runPromise(program));
  return { runsPerSecond: 1e6 / wallUs, wallUsPerNode: wallUs / size, wallUsPerItem: wallUs / size, cpuUsPerNode: cpuUs / size };
}

const programs = {
  sequence: (size) =>
    Effect.gen(function* () {
      let n = 0;
      for (let i = 0; i < size; i++) n = yield* step(n);
      return n;
    }),
  fan: (size) =>
    Effect.gen(function* () {
      const first = yield* step(0);
      const middle = yield* Effect.all(
        Array.from({ length: size }, () => step(first)),
        { concurrency: "unbounded" },
      );
      return yield* step(middle.length);
    }),
  map: (size) => {
    const items = Array.from({ length: size }, (_, index) => index);
    return Effect.forEach(items, step, { concurrency: "unbounded" });
  },
  dag: (size, layeredDag) => {
    const after = layeredDag(size);
    return Effect.gen(function* () {
      const ends = [];
      for (let i = 0; i < size; i++) ends.push(yield* Deferred.make());
      const task = (end, i) =>
        Effect.gen(function* () {
          for (const source of after[i]) yield* Deferred.await(ends[source]);
          yield* Deferred.succeed(end, yield* step(i));
        });
      yield* Effect.forEach(ends, task, { concurrency: "unbounded", discard: true });
    });
  },
};
