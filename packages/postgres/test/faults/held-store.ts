import type { RunStore } from "@heddle/kernel";
import type { FakeClock } from "@heddle/testing";

/** A store in whose calls no fake time passes. */
export function held(store: RunStore, clock: FakeClock): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, parameters);
        if (answer instanceof Promise) clock.hold(answer);
        return answer;
      };
    },
  });
}
