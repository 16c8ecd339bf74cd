import { contentHash, durationMs, encodeValue } from "@heddle/kernel";
import type { TaskContext } from "../engine/frame/task-context.ts";
import type { NodeDefinition } from "./node.ts";

interface Kept {
  readonly untilMs: number;
  readonly result: unknown;
}

/** More results of one node are not kept: the oldest goes. */
const mostKept = 1_000;

type CallNode = (state: never, ctx: TaskContext, sent: boolean) => unknown;

/** A node whose results are kept in this process's memory for a while: for the same state it is not run again. Each result is recorded like any other. */
export function cachedNode(graph: string, { name, options }: NodeDefinition, call: CallNode): CallNode {
  const { ttl, key } = options.cache as { ttl: number | string; key?: (state: never) => unknown };
  const ttlMs = durationMs(ttl, `the ttl of the cache of node "${name}"`);
  const kept = new Map<string, Kept>();
  return async (state, ctx, sent) => {
    const hash = contentHash([graph, name, encodeValue(key === undefined ? state : key(state))]);
    const known = kept.get(hash);
    // The time of what made the node due: the same when it is run again after a crash.
    // A node that is taken up again goes on with what it has recorded.
    if (known !== undefined && known.untilMs > ctx.now && !ctx.replaying) return known.result;
    const result = await call(state, ctx, sent);
    kept.delete(hash);
    kept.set(hash, { untilMs: ctx.now + ttlMs, result });
    if (kept.size > mostKept) kept.delete(kept.keys().next().value as string);
    return result;
  };
}
