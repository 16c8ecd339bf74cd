/**
 * Runs have integer numbers inside, and everything of a run is kept under its number. A step appends one row to `heddle_journal` and
 * touches nothing else. Indexes hold only the rows that a claim or a list looks for.
 *
 * `status`: 0 queued, 1 waiting, 2 running, 3 paused, 4 completed, 5 failed, 6 cancelled, 7 timed-out.
 */
export const first = `
CREATE TABLE heddle_kind (
  kind INTEGER PRIMARY KEY,
  workflow TEXT NOT NULL,
  version TEXT
);
CREATE TABLE heddle_node (
  node INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  until INTEGER,                       -- end of the lease; NULL: no heartbeat yet, or dead
  died_at INTEGER                      -- when it was declared dead
);
CREATE TABLE heddle_run (
  run INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind INTEGER NOT NULL,
  status INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  base INTEGER NOT NULL DEFAULT 0,     -- last seq that was compacted away
  crashes INTEGER NOT NULL DEFAULT 0,
  mail_seq INTEGER NOT NULL DEFAULT 0,
  mail_seen INTEGER NOT NULL DEFAULT 0,
  priority INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  input_hash TEXT NOT NULL,
  owner INTEGER,                       -- node
  wake_at INTEGER,
  held INTEGER,                        -- 1: due, but its limit was full
  ended_at INTEGER,
  limit_key TEXT,
  limit_max INTEGER,
  dedup TEXT,                          -- length of the workflow's name, colon, name, key
  parent TEXT,
  tags TEXT,                           -- JSON object; NULL: none
  dead TEXT,
  note TEXT
);
CREATE INDEX heddle_run_due ON heddle_run (kind, priority DESC, wake_at) WHERE status < 2 AND held IS NULL AND wake_at IS NOT NULL;
CREATE INDEX heddle_run_held ON heddle_run (limit_key, kind, priority DESC, wake_at) WHERE held = 1;
CREATE INDEX heddle_run_limit ON heddle_run (limit_key, status) WHERE limit_key IS NOT NULL AND status < 3;
CREATE INDEX heddle_run_owner ON heddle_run (owner) WHERE owner IS NOT NULL;
CREATE UNIQUE INDEX heddle_run_dedup ON heddle_run (dedup) WHERE dedup IS NOT NULL;
CREATE INDEX heddle_run_parent ON heddle_run (parent) WHERE parent IS NOT NULL;
CREATE INDEX heddle_run_status ON heddle_run (status) WHERE status <> 4;
CREATE INDEX heddle_run_ended ON heddle_run (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX heddle_run_dead ON heddle_run (run) WHERE dead IS NOT NULL;
CREATE TABLE heddle_journal (
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE heddle_mail (
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE heddle_mail_id (           -- every id that was kept, also of mail that was consumed
  run INTEGER NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (run, id)
) WITHOUT ROWID;
CREATE TABLE heddle_snapshot (
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE heddle_tag (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (name, value, run)
) WITHOUT ROWID;
CREATE TABLE heddle_blob (
  hash TEXT PRIMARY KEY,
  crc INTEGER NOT NULL,
  body TEXT NOT NULL
);
`;
