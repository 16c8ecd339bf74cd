import { encodeError, type DecideGroup, type Outcome, type Task } from "@heddle/kernel";
import type { Definition } from "../definition.ts";

/** A group's verdict by its policy. A policy that throws fails the group. */
export function judgeGroup({ policies }: Pick<Definition, "policies">, group: Task | undefined, { members }: DecideGroup): Outcome {
  const does = group?.does;
  const policy = does !== undefined && "group" in does ? does.policy : { use: "strict" };
  const judge = policies.get(policy.use);
  if (judge === undefined) {
    return {
      status: "failed",
      error: { name: "HeddleError", code: "HANDLER_UNKNOWN", message: `No group policy "${policy.use}" is registered.` },
    };
  }
  try {
    return judge(members, "with" in policy ? policy.with : undefined);
  } catch (error) {
    return { status: "failed", error: encodeError(error) };
  }
}
