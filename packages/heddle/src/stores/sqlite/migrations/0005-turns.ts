/** Held runs are found in the order of claims: waiting makes up for priority. */
export const turns = `
DROP INDEX heddle_run_held;
CREATE INDEX heddle_run_held ON heddle_run (limit_key, kind, wake_at - priority * 60000) WHERE held = 1;
`;
