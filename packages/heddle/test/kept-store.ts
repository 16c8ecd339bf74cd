import type { RunStore } from "@heddle/kernel";

/** A store that belongs to the test: it outlives the engines that are opened on it and close it. */
export function kept<Store extends RunStore & AsyncDisposable>(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === Symbol.asyncDispose) return () => Promise.resolve();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
