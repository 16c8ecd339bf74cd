import { HeddleError } from "@heddle/kernel";
import { workflowScope } from "./scopes.ts";

let guarded = false;

/**
 * Strict mode: make the clock, randomness, timers and `fetch` throw when workflow code uses them outside a step. The globals are replaced once per
 * process; code that is not a workflow's is not affected.
 */
export function guardGlobals(): void {
  if (guarded) return;
  guarded = true;
  guard(Date, "now", "ctx.now");
  guard(Math, "random", 'ctx.random("key")');
  guard(performance, "now", "ctx.now");
  guard(crypto, "randomUUID", 'ctx.uuid("key")');
  guard(crypto, "getRandomValues", 'ctx.random("key")');
  guard(globalThis, "fetch", 'ctx.step("key", () => fetch(…))');
  guard(globalThis, "setTimeout", 'ctx.sleep("key", …)');
  guard(globalThis, "setInterval", 'ctx.sleep("key", …)');
  const RealDate = globalThis.Date;
  globalThis.Date = new Proxy(RealDate, {
    construct(target, parameters, newTarget) {
      if (parameters.length === 0) refuse("new Date()", "new Date(ctx.now)");
      return Reflect.construct(target, parameters, newTarget) as Date;
    },
    apply(target, self, parameters) {
      refuse("Date()", "new Date(ctx.now)");
      return Reflect.apply(target as unknown as () => string, self, parameters) as string;
    },
  });
}

function guard<T extends object>(owner: T, name: keyof T & string, instead: string): void {
  const real = owner[name] as unknown as (...parameters: unknown[]) => unknown;
  const ownerName =
    owner === (globalThis as unknown)
      ? ""
      : owner === (Math as unknown)
        ? "Math."
        : owner === (Date as unknown)
          ? "Date."
          : owner === (performance as unknown)
            ? "performance."
            : "crypto.";
  Object.defineProperty(owner, name, {
    configurable: true,
    writable: true,
    value: function guardedGlobal(this: unknown, ...parameters: unknown[]) {
      refuse(`${ownerName}${name}()`, instead);
      return Reflect.apply(real, this, parameters);
    },
  });
}

function refuse(what: string, instead: string): void {
  const frame = workflowScope.getStore();
  if (frame === undefined || frame === null) return;
  throw new HeddleError(
    "CODE_NOT_DETERMINISTIC",
    `Workflow "${frame.run.workflow}" used ${what} outside a step: it would give another result on replay. Use ${instead}, or move it into a step.`,
    { data: { workflow: frame.run.workflow, used: what } },
  );
}
