import type { CommitBatch, RunRow, RunStore } from "@heddle/kernel";

/** Counts what an engine asks of its store, and the runs that it owns. */
export class Demand {
  readonly #owned = new Set<string>();
  mostOwned = 0;
  claims = 0;
  reads = 0;

  readonly wrap = (store: RunStore): RunStore =>
    new Proxy(store, {
      get: (target, name): unknown => {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function") return method;
        if (name === "claim")
          return async (...parameters: unknown[]) => {
            this.claims++;
            const rows = (await Reflect.apply(method, target, parameters)) as readonly RunRow[];
            for (const { runId } of rows) this.#owned.add(runId);
            this.mostOwned = Math.max(this.mostOwned, this.#owned.size);
            return rows;
          };
        if (name === "commit")
          return (batch: CommitBatch) => {
            for (const { runId, release } of batch.parts ?? []) if (release !== undefined) this.#owned.delete(runId);
            return target.commit(batch);
          };
        return (...parameters: unknown[]) => {
          if (name === "readJournal" || name === "readMail" || name === "readSnapshot") this.reads++;
          return Reflect.apply(method, target, parameters) as unknown;
        };
      },
    });
}
