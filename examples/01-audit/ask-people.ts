import type { Context } from "heddle";
import type { Decision, JudgedFinding } from "./policy/judge-findings.ts";
import { shortKey } from "./short-key.ts";

export interface AskPeopleOptions {
  /** Ask nobody and decide nothing. */
  readonly unattended?: boolean;
  /** How long an answer may take. Default: no limit. */
  readonly answerWithin?: string | number;
  /** Who may answer; empty: anyone. */
  readonly approvers: readonly string[];
}

/**
 * Ask about every finding whose verdict is `ask`, all at once: whoever answers sees all there is, and takes them in any
 * order. Each is one approval under its own key, so that answers stay with their findings whatever else the run does.
 *
 * @returns decisions by the finding's id
 */
export async function askPeople(
  ctx: Context,
  findings: readonly JudgedFinding[],
  options: AskPeopleOptions,
): Promise<ReadonlyMap<string, Decision>> {
  const asked = options.unattended === true ? [] : findings.filter(({ verdict }) => verdict === "ask");
  return new Map(await Promise.all(asked.map(async (finding) => [finding.id, await askOne(ctx, finding, options)] as const)));
}

async function askOne(ctx: Context, finding: JudgedFinding, { answerWithin, approvers }: AskPeopleOptions): Promise<Decision> {
  const answer = await ctx.ask(shortKey(`accept/${finding.id}`), {
    kind: "approval",
    prompt: `Accept ${finding.package === null ? "this" : `${finding.package}@${finding.version}`}? ${finding.title}.`,
    details: questionDetails(finding),
    ...(approvers.length === 0 ? {} : { approvers }),
    ...(answerWithin === undefined ? {} : { timeout: answerWithin }),
  });
  // The time of the event that brought the answer: recorded, so a replay reads the same.
  return { approved: answer.approved, by: answer.by ?? null, reason: answer.reason ?? null, atMs: ctx.now, timedOut: answer.timedOut };
}

/** Few lines of text: the question is read in a terminal. */
function questionDetails({ because, details, requiredBy, dev }: JudgedFinding): Readonly<Record<string, string>> {
  return {
    why: because,
    ...(details.length === 0 ? {} : { found: details.join("; ") }),
    ...(requiredBy.length === 0 ? {} : { "required by": requiredBy.join(", ") }),
    "needed for": dev ? "development only" : "production",
  };
}
