import type { Plan } from "@heddle/kernel";
import { planned, type DispatchOptions, type PlannedWorkflow, type TaskCode } from "heddle";

/** A plan of tasks that begin after all of the given ones. Each does the code of its own name. */
export function afterAll(graph: Readonly<Record<string, readonly string[]>>, rest: Partial<Plan> = {}): Plan {
  const tasks: Plan["tasks"] = Object.fromEntries(
    Object.entries(graph).map(([id, sources]) => [
      id,
      {
        does: { use: id },
        when: [{ id: `${id}.ready`, after: sources.map((from) => ({ from, on: "ok" as const })), join: "all", untaken: "skip" }],
      },
    ]),
  );
  return { heddle: 1, name: "graph", discipline: "eager", tasks, ...rest };
}

/** Tasks that begin when they are let, and end when the test says so. */
export class Stage {
  /** Ids, in the order in which their code was begun. */
  readonly begun: string[] = [];
  peak = 0;
  readonly #underWay = new Map<string, PromiseWithResolvers<unknown>>();

  /** @param code of tasks that do something else */
  workflow(plan: Plan, dispatch: DispatchOptions, code: Readonly<Record<string, TaskCode>> = {}): PlannedWorkflow {
    const tasks = Object.fromEntries(Object.keys(plan.tasks).map((id) => [id, code[id] ?? (() => this.act(id))]));
    return planned(plan, { tasks, dispatch });
  }

  act(id: string): Promise<unknown> {
    this.begun.push(id);
    const end = Promise.withResolvers<unknown>();
    this.#underWay.set(id, end);
    this.peak = Math.max(this.peak, this.#underWay.size);
    return end.promise;
  }

  get underWay(): readonly string[] {
    return [...this.#underWay.keys()];
  }

  end(id: string, failure?: Error): void {
    const end = this.#underWay.get(id);
    if (end === undefined) throw new Error(`"${id}" is not under way, but ${this.underWay.join(", ")}.`);
    this.#underWay.delete(id);
    if (failure === undefined) end.resolve(id);
    else end.reject(failure);
  }

  /** Once all that can happen has happened, these are under way. */
  async comesTo(...ids: readonly string[]): Promise<void> {
    const wanted = ids.toSorted().join();
    let same = 0;
    const untilMs = performance.now() + 20_000;
    while (same < 20 && performance.now() < untilMs) {
      await new Promise((resolve) => setImmediate(resolve));
      same = this.underWay.toSorted().join() === wanted ? same + 1 : 0;
    }
    if (same === 0) throw new Error(`Under way are ${this.underWay.join(", ")}, not ${ids.join(", ")}.`);
  }

  /** End whatever is under way, first begun first, until the run has ended. */
  async endAll(run: { result(): Promise<unknown> }): Promise<void> {
    let over = false;
    const result = run.result().finally(() => void (over = true));
    result.catch(() => {});
    while (!over) {
      const [first] = this.underWay;
      if (first !== undefined) this.end(first);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await result;
  }
}
