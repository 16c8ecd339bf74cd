import { ageingMs } from "@heddle/kernel";

/** Of rows of the table of runs: a claim may take them when they are due. */
export const claimable = "status < 2 AND held IS NULL AND wake_at IS NOT NULL";
/** Kind and wake time, as the index has them that goes by time alone. */
export const wakeKind = "kind + 0";
export const wakeTime = "wake_at + 0";
/** Of runs of a kind and rate: those of one limit stand in one lane. */
export const lane = "coalesce(limit_key, '')";
/** What `claimRankMs` gives, of columns. */
export const rank = `wake_at - priority * ${ageingMs}::bigint`;

/** Parts of the journal that are emptied at once when their runs are gone. New runs take turns among them: see `retention`. */
export const turningParts = 4;
/** Part 0 is for runs that outlive the turn. */
const journalParts = [...Array(turningParts + 1).keys()];
/** The journal and its parts: whoever writes into a part by its name is seen by that part's triggers only. */
export const journalTables: readonly string[] = ["journal", ...journalParts.map((part) => `journal_${part}`), "journal_part"];

/**
 * Runs have numbers inside, and everything of a run is kept under its number. A step appends one row to `journal` and touches nothing else:
 * the row of its run is only read. Indexes hold only the rows that a claim or a list looks for.
 *
 * `status`: 0 queued, 1 waiting, 2 running, 3 paused, 4 completed, 5 failed, 6 cancelled, 7 timed-out. Times are milliseconds since the epoch.
 * Texts that people choose are compared byte by byte, whatever the database's language is.
 *
 * @param s the schema's name, quoted
 */
export const tables = (s: string): string => `
CREATE TABLE ${s}.kind (
  kind integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workflow text COLLATE "C" NOT NULL,
  version text COLLATE "C",
  queue text COLLATE "C" NOT NULL,
  placement text COLLATE "C"          -- canonical JSON of what its runs demand of a node; NULL: nothing
);
CREATE UNIQUE INDEX kind_name ON ${s}.kind (workflow, (version IS NULL), coalesce(version, ''), queue, md5(coalesce(placement, '')));
CREATE TABLE ${s}.node (
  node integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  until bigint,                       -- end of the lease; NULL: no heartbeat yet, or dead
  lease bigint,                       -- how long the heartbeat holds
  died_at bigint,                     -- when it was declared dead
  seen bigint,                        -- last sign of life
  left_at bigint,                     -- when it went away in order
  info text                           -- what it says of itself; NULL: nothing yet
) WITH (fillfactor = 50);
CREATE TABLE ${s}.duty (
  duty text COLLATE "C" PRIMARY KEY,
  node integer NOT NULL,
  until bigint NOT NULL,
  lease bigint NOT NULL               -- for how long it was taken
) WITH (fillfactor = 50);
CREATE TABLE ${s}.run (
  run bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  kind integer NOT NULL,
  status smallint NOT NULL,
  epoch integer NOT NULL,
  base bigint NOT NULL DEFAULT 0,     -- last seq that was compacted away
  part smallint NOT NULL,             -- in which part of the journal its events are
  crashes integer NOT NULL DEFAULT 0,
  mail_seq integer NOT NULL DEFAULT 0,
  mail_seen integer NOT NULL DEFAULT 0,
  tenant text COLLATE "C" NOT NULL DEFAULT '',  -- empty: none
  priority integer NOT NULL,
  created_at bigint NOT NULL,
  input_hash text NOT NULL,
  owner integer,                      -- node
  wake_at bigint,
  held smallint,                      -- 1: due, but its limit was full; 2: due, and behind the first of its lane
  due_at bigint,                      -- of the first of a lane: since when it has been due
  awaited boolean,                    -- true: somebody waits for its end, perhaps in another process
  ended_at bigint,
  limit_key text COLLATE "C",
  limit_max integer,
  rate_key text COLLATE "C",
  rate_max integer,
  rate_period bigint,
  dedup text COLLATE "C",             -- length of the workflow's name, colon, name, key
  parent text COLLATE "C",
  tags jsonb,                         -- NULL: none
  dead text,
  note text
) WITH (fillfactor = 80);
CREATE INDEX run_due ON ${s}.run (kind, tenant, priority DESC, wake_at, run) WHERE ${claimable};
-- By the time alone, whoever's they are. Of expressions: so no plan for the runs of a tenant leads through all of them.
CREATE INDEX run_wake ON ${s}.run ((${wakeKind}), (${wakeTime}), run) INCLUDE (kind, wake_at) WHERE ${claimable};
CREATE INDEX run_held ON ${s}.run (limit_key, kind, tenant, (${rank}), run) WHERE held = 1;
CREATE INDEX run_behind ON ${s}.run (rate_key, kind, (${lane}), tenant, (${rank}), run) WHERE held = 2;
CREATE UNIQUE INDEX run_first ON ${s}.run (rate_key, kind, (${lane})) WHERE due_at IS NOT NULL;
CREATE INDEX run_unbegun ON ${s}.run (rate_key) WHERE rate_key IS NOT NULL AND status = 0 AND epoch = 0;
CREATE INDEX run_limit ON ${s}.run (limit_key, status) WHERE limit_key IS NOT NULL AND status < 3;
CREATE INDEX run_owner ON ${s}.run (owner, kind) WHERE owner IS NOT NULL;
CREATE UNIQUE INDEX run_dedup ON ${s}.run (dedup) WHERE dedup IS NOT NULL;
CREATE INDEX run_parent ON ${s}.run (parent) WHERE parent IS NOT NULL;
CREATE INDEX run_status ON ${s}.run (status, run) WHERE status <> 4;
CREATE INDEX run_ended ON ${s}.run (ended_at, run) WHERE ended_at IS NOT NULL;
CREATE INDEX run_part ON ${s}.run (part, run) WHERE part > 0;
CREATE INDEX run_dead ON ${s}.run (run) WHERE dead IS NOT NULL;
CREATE TABLE ${s}.journal (
  run bigint NOT NULL,
  seq bigint NOT NULL,
  at bigint NOT NULL,
  crc bigint NOT NULL,
  part smallint NOT NULL,             -- as of its run
  body text NOT NULL
) PARTITION BY LIST (part);
${journalParts.map((part) => `CREATE TABLE ${s}.journal_${part} PARTITION OF ${s}.journal (PRIMARY KEY (run, seq)) FOR VALUES IN (${part});`).join("\n")}
CREATE TABLE ${s}.journal_part (      -- one row, found by its key as all rows are
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  current smallint NOT NULL,          -- where the events of new runs go
  began_at bigint NOT NULL
);
INSERT INTO ${s}.journal_part (current, began_at) VALUES (1, 0);
CREATE TABLE ${s}.mail (
  run bigint NOT NULL,
  seq integer NOT NULL,
  at bigint NOT NULL,
  crc bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (run, seq)
);
CREATE TABLE ${s}.mail_id (           -- every id that was kept, also of mail that was consumed
  run bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  PRIMARY KEY (run, id)
);
CREATE TABLE ${s}.snapshot (
  run bigint NOT NULL,
  seq bigint NOT NULL,
  crc bigint NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (run, seq)
);
CREATE TABLE ${s}.tag (
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  run bigint NOT NULL
);
CREATE INDEX tag_value ON ${s}.tag (hashtextextended(name, 0), hashtextextended(value, 0), run);
CREATE INDEX tag_run ON ${s}.tag (run);
CREATE TABLE ${s}.blob (
  hash text COLLATE "C" PRIMARY KEY,
  crc bigint NOT NULL,
  body text NOT NULL
);
CREATE TABLE ${s}.permit (             -- a run of the key that began, as long as that counts
  key text COLLATE "C" NOT NULL,
  n bigint NOT NULL,
  at bigint NOT NULL,
  until bigint NOT NULL,
  PRIMARY KEY (key, n)
);
CREATE INDEX permit_until ON ${s}.permit (until);
CREATE VIEW ${s}.run_row AS
  SELECT r.run, r.id, k.workflow, k.version, k.queue, k.placement, r.tenant, r.status, r.epoch, r.owner AS node, n.name AS owner, r.wake_at, r.crashes, r.mail_seq, r.mail_seen, r.priority,
    r.limit_key, r.limit_max, r.rate_key, r.rate_max, r.rate_period, r.dedup, r.parent, r.tags, r.created_at, r.ended_at, r.input_hash, r.dead, r.note
  FROM ${s}.run r JOIN ${s}.kind k ON k.kind = r.kind LEFT JOIN ${s}.node n ON n.node = r.owner;
CREATE VIEW ${s}.node_row AS
  SELECT n.name, n.info, n.seen, n.until, n.died_at, n.left_at, (SELECT count(*) FROM ${s}.run r WHERE r.owner = n.node) AS owned,
    ARRAY(SELECT d.duty FROM ${s}.duty d WHERE d.node = n.node ORDER BY d.duty) AS duties
  FROM ${s}.node n WHERE n.info IS NOT NULL;
`;
