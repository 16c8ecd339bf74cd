/**
 * Tenants take turns, and waiting makes up for priority. Due runs are found by tenant, held ones by tenant in the order of claims; a second
 * index of those that can be claimed answers when the next is due.
 */
export const turns = `
ALTER TABLE heddle_run ADD COLUMN tenant TEXT NOT NULL DEFAULT '';       -- '': none
DROP INDEX heddle_run_due;
CREATE INDEX heddle_run_due ON heddle_run (kind, tenant, priority DESC, wake_at) WHERE status < 2 AND held IS NULL AND wake_at IS NOT NULL;
CREATE INDEX heddle_run_wake ON heddle_run (kind, wake_at) WHERE status < 2 AND held IS NULL AND wake_at IS NOT NULL;
DROP INDEX heddle_run_held;
CREATE INDEX heddle_run_held ON heddle_run (limit_key, kind, tenant, wake_at - priority * 60000) WHERE held = 1;
`;
