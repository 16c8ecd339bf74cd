import { parseSpdx, printSpdx, type SpdxExpression, type SpdxLicence } from "../licence/spdx-expression.ts";
import type { LicenceRules } from "./policy.ts";
import { milder, stricter, type Verdict } from "./verdict.ts";

export interface LicenceVerdict {
  readonly verdict: Verdict;
  /** The rule that decided, as a clause of a sentence. */
  readonly because: string;
}

/**
 * Judge an SPDX expression. Of an `OR` one may choose, so the mildest choice counts; of an `AND` all must hold, so the
 * strictest part does.
 */
export function judgeLicence(rules: LicenceRules, expression: string): LicenceVerdict {
  const parsed = parseSpdx(expression);
  if (!parsed.ok) return { verdict: rules.unlisted, because: `${expression} cannot be read as a licence` };
  return judge(rules, parsed.expression);
}

function judge(rules: LicenceRules, expression: SpdxExpression): LicenceVerdict {
  if (expression.type === "licence") return judgeOne(rules, expression);
  const judged = expression.of.map((member) => ({ member, ...judge(rules, member) }));
  const pick = expression.type === "any" ? milder : stricter;
  const verdict = judged.map((one) => one.verdict).reduce(pick);
  const deciding = judged.find((one) => one.verdict === verdict);
  const because = deciding?.because ?? "";
  const chosen = expression.type === "any" && deciding !== undefined ? `of the choice ${printSpdx(deciding.member)} is the mildest: ` : "";
  return { verdict, because: `${chosen}${because}` };
}

function judgeOne(rules: LicenceRules, licence: SpdxLicence): LicenceVerdict {
  const lists: readonly (readonly [verdict: Verdict, entries: readonly string[], says: string])[] = [
    ["forbidden", rules.denied, "is denied"],
    ["ask", rules.ask, "has to be asked about"],
    ["note", rules.noted, "is to be noted"],
    ["ok", rules.allowed, "is allowed"],
  ];
  const printed = printSpdx(licence);
  let best: (LicenceVerdict & { readonly length: number }) | undefined;
  for (const [verdict, entries, says] of lists) {
    for (const entry of entries) {
      // Longer means closer. At the same length the stricter list, which comes first, wins.
      if (!fits(entry, licence) || entry.length <= (best?.length ?? 0)) continue;
      best = { verdict, because: `${printed} ${says}${entry === printed ? "" : ` (as ${entry})`}`, length: entry.length };
    }
  }
  return best === undefined
    ? { verdict: rules.unlisted, because: `${printed} is in none of the policy's lists` }
    : { verdict: best.verdict, because: best.because };
}

/**
 * An entry without exception fits a licence with one: exceptions only add permissions. `+` means that the licence itself
 * may be chosen, so the entry without it fits too.
 */
function fits(entry: string, { id, orLater, exception }: SpdxLicence): boolean {
  const candidates = [id, ...(orLater ? [`${id}+`] : [])];
  if (exception !== null) candidates.push(...candidates.map((candidate) => `${candidate} WITH ${exception}`));
  const wanted = entry.toLowerCase();
  return candidates.some((candidate) => {
    const name = candidate.toLowerCase();
    return wanted.endsWith("*") ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
  });
}
