/** Runs that demand the same of a node are of one kind; nodes say what they are. */
export const placement = `
ALTER TABLE heddle_kind ADD COLUMN queue TEXT NOT NULL DEFAULT 'default';
ALTER TABLE heddle_kind ADD COLUMN placement TEXT;       -- canonical JSON; NULL: any node that serves the queue
DROP INDEX heddle_run_owner;
CREATE INDEX heddle_run_owner ON heddle_run (owner, kind) WHERE owner IS NOT NULL;
ALTER TABLE heddle_node ADD COLUMN info TEXT;            -- what it says of itself; NULL: nothing yet
ALTER TABLE heddle_node ADD COLUMN seen INTEGER;         -- last sign of life
ALTER TABLE heddle_node ADD COLUMN left_at INTEGER;      -- when it went away in order
`;
