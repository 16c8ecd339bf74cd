/**
 * Rates: at most so many runs of a key begin in any time of a period. A permit is one that began. Runs of a kind with the same rate and limit stand in one
 * lane; `due_at` marks the one of a lane that waits for the rate, and `held` is 2 for those behind it.
 */
export const rates = `
ALTER TABLE heddle_run ADD COLUMN rate_key TEXT;
ALTER TABLE heddle_run ADD COLUMN rate_max INTEGER;
ALTER TABLE heddle_run ADD COLUMN rate_period INTEGER;
ALTER TABLE heddle_run ADD COLUMN due_at INTEGER;        -- since when the first of its lane has been due; NULL: it is not the first
CREATE INDEX heddle_run_behind ON heddle_run (rate_key, kind, coalesce(limit_key, ''), tenant, wake_at - priority * 60000) WHERE held = 2;
CREATE UNIQUE INDEX heddle_run_first ON heddle_run (rate_key, kind, coalesce(limit_key, '')) WHERE due_at IS NOT NULL;
CREATE INDEX heddle_run_unbegun ON heddle_run (rate_key) WHERE rate_key IS NOT NULL AND status = 0 AND epoch = 0;
CREATE TABLE heddle_permit (
  key TEXT NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER NOT NULL,              -- from then on it counts no more
  PRIMARY KEY (key, n)
) WITHOUT ROWID;
CREATE INDEX heddle_permit_until ON heddle_permit (until);
`;
