import type { ClaimRun } from "../sql/claim-run.ts";

export interface WaitingTenants {
  /** Those who have due runs of the kind, in their turn. */
  readonly tenants: readonly string[];
  /** How many were looked at. */
  readonly looked: number;
  /** The last that was looked at, when there may be more; null: all were, or enough were found. */
  readonly stoppedAt: string | null;
}

/**
 * Tenants with due runs of a kind, by name from the one on that follows `after`, and round again: from tenant to tenant, without meeting their runs.
 *
 * @param count at most so many
 * @param looks how many may be looked at: one whose runs are all parked is looked at for nothing
 */
export function waitingTenants(
  claim: ClaimRun,
  kind: number,
  nowMs: number,
  { after, count, looks }: { readonly after: string; readonly count: number; readonly looks: number },
): WaitingTenants {
  const tenants: string[] = [];
  let looked = 0;
  let stoppedAt: string | null = null;
  for (const round of ["behind", "before"] as const) {
    let tenant = claim.tenantAfter(kind, round === "behind" ? after : null);
    for (; tenant !== null && (round === "behind" || tenant <= after); tenant = claim.tenantAfter(kind, tenant)) {
      if (looked === looks) return { tenants, looked, stoppedAt };
      looked++;
      stoppedAt = tenant;
      if (claim.anyDue(kind, tenant, nowMs)) tenants.push(tenant);
      if (tenants.length === count) return { tenants, looked, stoppedAt: null };
    }
  }
  return { tenants, looked, stoppedAt: null };
}
