import { HeddleError } from "@heddle/kernel";

/** Payloads that meet at a node, in the order in which it names what they come from. */
export type Meeting = readonly { readonly id: string; readonly payload: unknown }[];

export function mergeFailed(node: string, why: string): HeddleError {
  return Object.assign(
    new HeddleError("DAG_MERGE_FAILED", `The payloads that meet at node "${node}" cannot be merged: ${why}.`, { data: { node } }),
    {
      final: true,
    },
  );
}
