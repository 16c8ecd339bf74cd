import { ageingMs, clockStepMs } from "@heddle/kernel";
import { claimable, journalTables, lane, rank, wakeKind, wakeTime } from "./0001-tables.ts";

/** Of one kind, tenants that a claim looks at, at most: those behind them have their turn in the next. */
const mostLooks = 1_000;
/** Runs that are met in one claim and have to be held, at most, about: very many are met a part at a time, and the others have their turns. */
const mostHeld = 2_000;
/** How many of a lane go back into the queue at once, at most, when several permits are free. */
const mostOfLane = 100;

/** Of functions whose plans are to go by indexes, whatever the tables held when they were made. What no index has is no reason to compile a plan. */
const byIndex = "SET enable_seqscan = off SET jit = off";
/** Of functions that find each row by its key. */
const byKey = `${byIndex} SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan`;

/**
 * What a commit, a claim and the rest do, inside the database: one round trip each, one transaction each.
 *
 * Locks are taken in one order everywhere: nodes, then limits, then runs by id. A node's row, locked by a commit for sharing, keeps the node
 * from being declared dead until the commit is over: so the rows of its runs need no lock, and a step writes nothing but its event.
 *
 * @param s the schema's name, quoted
 */
export const functions = (s: string): string => `
-- The node's number; a new one is noted, without a heartbeat.
CREATE FUNCTION ${s}.node_of(p_name text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_node integer;
BEGIN
  SELECT node INTO v_node FROM ${s}.node WHERE name = p_name;
  WHILE v_node IS NULL LOOP
    INSERT INTO ${s}.node (name) VALUES (p_name) ON CONFLICT DO NOTHING RETURNING node INTO v_node;
    IF v_node IS NULL THEN SELECT node INTO v_node FROM ${s}.node WHERE name = p_name; END IF;
  END LOOP;
  RETURN v_node;
END $$;

CREATE FUNCTION ${s}.kind_of(p_workflow text, p_version text, p_queue text, p_placement text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_kind integer;
BEGIN
  LOOP
    SELECT kind INTO v_kind FROM ${s}.kind WHERE workflow = p_workflow AND version IS NOT DISTINCT FROM p_version AND queue = p_queue
      AND placement IS NOT DISTINCT FROM p_placement;
    IF v_kind IS NOT NULL THEN RETURN v_kind; END IF;
    INSERT INTO ${s}.kind (workflow, version, queue, placement) VALUES (p_workflow, p_version, p_queue, p_placement)
      ON CONFLICT DO NOTHING RETURNING kind INTO v_kind;
    IF v_kind IS NOT NULL THEN RETURN v_kind; END IF;
  END LOOP;
END $$;

-- Nobody else counts or takes places of these keys until the transaction is over. Those of rates have the word before them.
CREATE FUNCTION ${s}.lock_limits(p_keys text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_hash bigint;
BEGIN
  FOR v_hash IN SELECT DISTINCT hashtextextended(k, 4711) AS h FROM unnest(p_keys) k WHERE k IS NOT NULL ORDER BY h LOOP
    PERFORM pg_advisory_xact_lock(v_hash);
  END LOOP;
END $$;

CREATE FUNCTION ${s}.places_taken(p_key text) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT count(*) FROM ${s}.run WHERE limit_key = p_key AND status = 2 AND status < 3
$$;

-- Whenever a run of the key, of this tenant, stops running or leaves the queue unclaimed: what could run now must not stay held. Of each kind one run goes
-- back into the queue: of the tenant that follows by name, that which goes first.
CREATE FUNCTION ${s}.pass_place_on(p_key text, p_after text) RETURNS void LANGUAGE plpgsql ${byIndex} AS $$
DECLARE
  v_taken bigint := ${s}.places_taken(p_key);
  v_kind integer := 0;
  v_run bigint;
BEGIN
  LOOP
    SELECT kind INTO v_kind FROM ${s}.run WHERE held = 1 AND limit_key = p_key AND kind > v_kind ORDER BY kind LIMIT 1;
    EXIT WHEN NOT FOUND;
    SELECT run INTO v_run FROM ${s}.run WHERE held = 1 AND limit_key = p_key AND kind = v_kind AND tenant > p_after AND limit_max > v_taken
      ORDER BY tenant, ${rank}, run LIMIT 1;
    IF NOT FOUND THEN
      SELECT run INTO v_run FROM ${s}.run WHERE held = 1 AND limit_key = p_key AND kind = v_kind AND tenant <= p_after AND limit_max > v_taken
        ORDER BY tenant, ${rank}, run LIMIT 1;
    END IF;
    IF FOUND THEN UPDATE ${s}.run SET held = NULL WHERE run = v_run; END IF;
  END LOOP;
  PERFORM pg_notify(${channel(s)}, '[]');
END $$;

-- How many more runs of a rate may begin now. Whoever asks has locked the key.
CREATE FUNCTION ${s}.permits_free(p_key text, p_max integer, p_period bigint, p_now bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_last ${s}.permit;
  v_first bigint;
BEGIN
  SELECT * INTO v_last FROM ${s}.permit WHERE key = p_key ORDER BY n DESC LIMIT 1;
  IF NOT FOUND THEN RETURN p_max; END IF;
  -- The clock was set back since: they count as given now.
  IF v_last.at > p_now + ${clockStepMs} THEN UPDATE ${s}.permit SET until = p_now + until - at, at = p_now WHERE key = p_key AND at > p_now; END IF;
  SELECT n INTO v_first FROM ${s}.permit WHERE key = p_key AND at > p_now - p_period ORDER BY n LIMIT 1;
  RETURN CASE WHEN v_first IS NULL THEN p_max ELSE p_max - (v_last.n - v_first + 1) END;
END $$;

-- When one more may begin, where none may now.
CREATE FUNCTION ${s}.next_permit(p_key text, p_max integer, p_period bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT at + p_period FROM ${s}.permit WHERE key = p_key AND n >= (SELECT n FROM ${s}.permit WHERE key = p_key ORDER BY n DESC LIMIT 1) - p_max + 1
  ORDER BY n LIMIT 1
$$;

-- A run of the key begins. With each permit some of other keys are removed that count no more: they go faster than new ones come.
CREATE FUNCTION ${s}.give_permit(p_key text, p_period bigint, p_now bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_last ${s}.permit;
  v_n bigint;
  v_at bigint;
BEGIN
  SELECT * INTO v_last FROM ${s}.permit WHERE key = p_key ORDER BY n DESC LIMIT 1;
  v_n := coalesce(v_last.n, 0) + 1;
  v_at := greatest(p_now, v_last.at);
  DELETE FROM ${s}.permit WHERE key = p_key
    AND n < coalesce((SELECT x.n FROM ${s}.permit x WHERE x.key = p_key AND x.at > p_now - p_period ORDER BY x.n LIMIT 1), v_n);
  INSERT INTO ${s}.permit (key, n, at, until) VALUES (p_key, v_n, v_at, v_at + p_period);
  DELETE FROM ${s}.permit d USING (
    SELECT key, n FROM ${s}.permit WHERE until <= p_now ORDER BY until LIMIT 4 FOR UPDATE SKIP LOCKED) x WHERE d.key = x.key AND d.n = x.n;
END $$;

/*
 * The next of a lane goes back into the queue, and is its first: of the tenant that follows by name, that which goes first. Others behind it go with it where
 * there is room for more. p_run: as it was; it has begun or left the queue in another way.
 */
CREATE FUNCTION ${s}.pass_lane_on(p_run ${s}.run, p_count integer) RETURNS void LANGUAGE plpgsql ${byIndex} AS $$
DECLARE
  v_after text := p_run.tenant;
  v_run bigint;
  v_tenant text;
BEGIN
  FOR i IN 1 .. greatest(1, p_count) LOOP
    SELECT run, tenant INTO v_run, v_tenant FROM ${s}.run WHERE held = 2 AND rate_key = p_run.rate_key AND kind = p_run.kind
      AND ${lane} = coalesce(p_run.limit_key, '') AND tenant > v_after ORDER BY tenant, ${rank}, run LIMIT 1;
    IF NOT FOUND THEN
      SELECT run, tenant INTO v_run, v_tenant FROM ${s}.run WHERE held = 2 AND rate_key = p_run.rate_key AND kind = p_run.kind
        AND ${lane} = coalesce(p_run.limit_key, '') AND tenant <= v_after ORDER BY tenant, ${rank}, run LIMIT 1;
    END IF;
    EXIT WHEN NOT FOUND;
    UPDATE ${s}.run SET held = NULL, due_at = CASE WHEN i = 1 THEN wake_at END WHERE run = v_run;
    v_after := v_tenant;
  END LOOP;
END $$;

/*
 * A due run was met that cannot begin now: its limit has no place (p_full), or its rate is used up. It is the first of its lane, and waits for that; or it goes
 * behind the first. Of one tenant the first is that which goes first.
 */
CREATE FUNCTION ${s}.wait_in_lane(p_run ${s}.run, p_full boolean) RETURNS void LANGUAGE plpgsql ${byIndex} AS $$
DECLARE
  v_due bigint := coalesce(p_run.due_at, p_run.wake_at);
  v_first ${s}.run;
BEGIN
  IF p_run.due_at IS NULL THEN
    SELECT * INTO v_first FROM ${s}.run WHERE due_at IS NOT NULL AND rate_key = p_run.rate_key AND kind = p_run.kind
      AND ${lane} = coalesce(p_run.limit_key, '');
    IF FOUND THEN
      IF v_first.tenant <> p_run.tenant OR (v_due - p_run.priority * ${ageingMs}::bigint, p_run.run) > (v_first.due_at - v_first.priority * ${ageingMs}::bigint, v_first.run) THEN
        UPDATE ${s}.run SET held = 2 WHERE run = p_run.run;
        RETURN;
      END IF;
      UPDATE ${s}.run SET held = 2, wake_at = due_at, due_at = NULL WHERE run = v_first.run;
    END IF;
  END IF;
  UPDATE ${s}.run SET due_at = v_due, held = CASE WHEN p_full THEN 1 END,
    wake_at = CASE WHEN p_full THEN v_due ELSE ${s}.next_permit(p_run.rate_key, p_run.rate_max, p_run.rate_period) END WHERE run = p_run.run;
END $$;

-- Put a run into a status without an owner. One with unconsumed mail that can be claimed is due at once.
CREATE FUNCTION ${s}.move(
  p_run bigint, p_now bigint, p_status integer, p_wake bigint, p_ended bigint, p_dead text, p_note text, p_kind integer, p_crashes integer
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_run ${s}.run;
  v_wake bigint := p_wake;
BEGIN
  SELECT * INTO v_run FROM ${s}.run WHERE run = p_run;
  IF p_status < 2 AND v_run.mail_seq > v_run.mail_seen THEN
    v_wake := least(p_wake, p_now, (SELECT at FROM ${s}.mail WHERE run = p_run AND seq > v_run.mail_seen ORDER BY seq LIMIT 1));
  END IF;
  UPDATE ${s}.run SET kind = coalesce(p_kind, kind), status = p_status, owner = NULL, held = NULL, due_at = NULL, wake_at = v_wake, ended_at = p_ended,
    dead = p_dead, note = p_note, crashes = coalesce(p_crashes, crashes) WHERE run = p_run;
  IF v_run.due_at IS NOT NULL THEN
    PERFORM ${s}.pass_lane_on(v_run, 1);
    PERFORM pg_notify(${channel(s)}, '[]');
  END IF;
  IF v_run.limit_key IS NOT NULL THEN PERFORM ${s}.pass_place_on(v_run.limit_key, v_run.tenant); END IF;
END $$;

-- A new run with its first events. {"status":"created","claimed":…,"run":…,"node":…} or {"status":"exists","row":…}
CREATE FUNCTION ${s}.create_run(c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_node integer;
  v_kind integer;
  v_claimed boolean := false;
  v_held smallint;
  v_rate text := c->>'rateKey';
  v_key text := c->>'limitKey';
  v_max integer := (c->>'limitMax')::integer;
  v_wake bigint := (c->>'wakeAtMs')::bigint;
  v_created bigint := (c->>'createdAtMs')::bigint;
  v_run bigint;
  v_part smallint;
  v_row jsonb;
BEGIN
  IF c ? 'claimFor' THEN
    v_node := ${s}.node_of(c->>'claimFor');
    -- Sharing: it cannot be declared dead while its new run comes to be.
    PERFORM 1 FROM ${s}.node WHERE node = v_node AND died_at IS NULL FOR SHARE;
    v_claimed := FOUND AND (v_key IS NULL
      OR (${s}.places_taken(v_key) < v_max AND NOT EXISTS (SELECT 1 FROM ${s}.run WHERE limit_key = v_key AND status = 0 AND status < 3)));
    v_claimed := v_claimed AND (v_rate IS NULL
      OR (${s}.permits_free(v_rate, (c->>'rateMax')::integer, (c->>'ratePeriodMs')::bigint, v_created) > 0
        AND NOT EXISTS (SELECT 1 FROM ${s}.run WHERE rate_key = v_rate AND status = 0 AND epoch = 0)));
  END IF;
  v_kind := ${s}.kind_of(c->>'workflow', c->>'version', c->>'queue', c->>'placement');
  -- Claims need not meet one that waits for a place, or for the first of its lane. Of two alike the new one is the younger.
  IF NOT v_claimed AND v_rate IS NOT NULL AND NOT c ? 'guest' AND v_wake <= v_created THEN
    SELECT 2 INTO v_held FROM ${s}.run WHERE due_at IS NOT NULL AND rate_key = v_rate AND kind = v_kind AND ${lane} = coalesce(v_key, '')
      AND (tenant <> coalesce(c->>'tenant', '')
        OR v_wake - (c->>'priority')::integer * ${ageingMs}::bigint >= due_at - priority * ${ageingMs}::bigint);
  END IF;
  IF NOT v_claimed AND v_key IS NOT NULL AND v_rate IS NULL AND NOT c ? 'guest' AND v_wake <= v_created AND ${s}.places_taken(v_key) >= v_max THEN v_held := 1; END IF;
  LOOP
    INSERT INTO ${s}.run (part, id, kind, status, epoch, owner, wake_at, held, tenant, priority, limit_key, limit_max, rate_key, rate_max, rate_period, dedup, parent, tags, created_at, input_hash)
    VALUES ((SELECT current FROM ${s}.journal_part WHERE one), c->>'runId', v_kind, CASE WHEN v_claimed THEN 2 ELSE 0 END, CASE WHEN v_claimed THEN 1 ELSE 0 END, CASE WHEN v_claimed THEN v_node END,
      CASE WHEN v_claimed THEN NULL ELSE v_wake END, v_held, coalesce(c->>'tenant', ''), (c->>'priority')::integer, v_key, v_max, v_rate, (c->>'rateMax')::integer,
      (c->>'ratePeriodMs')::bigint, c->>'dedup', c->>'parentId', c->'tags', v_created,
      c->>'inputHash')
    ON CONFLICT DO NOTHING RETURNING run, part INTO v_run, v_part;
    EXIT WHEN v_run IS NOT NULL;
    SELECT to_jsonb(r) INTO v_row FROM ${s}.run_row r WHERE r.id = c->>'runId';
    IF v_row IS NULL THEN SELECT to_jsonb(r) INTO v_row FROM ${s}.run_row r WHERE r.dedup = c->>'dedup'; END IF;
    IF v_row IS NOT NULL THEN RETURN jsonb_build_object('status', 'exists', 'row', v_row); END IF;
    -- It was removed between the two looks: try again.
  END LOOP;
  IF v_claimed AND v_rate IS NOT NULL THEN PERFORM ${s}.give_permit(v_rate, (c->>'ratePeriodMs')::bigint, v_created); END IF;
  INSERT INTO ${s}.journal (part, run, seq, at, crc, body)
    SELECT v_part, v_run, e.seq, v_created, (e.event->>0)::bigint, e.event->>1 FROM jsonb_array_elements(c->'events') WITH ORDINALITY AS e(event, seq);
  IF c->'tags' IS NOT NULL THEN
    INSERT INTO ${s}.tag (name, value, run) SELECT t.key, t.value, v_run FROM jsonb_each_text(c->'tags') t;
  END IF;
  RETURN jsonb_build_object('status', 'created', 'claimed', v_claimed, 'run', v_run, 'node', CASE WHEN v_claimed THEN v_node END);
END $$;

CREATE FUNCTION ${s}.keep_message(m jsonb, p_now bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_run ${s}.run;
BEGIN
  SELECT * INTO v_run FROM ${s}.run WHERE id = m->>'runId' FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN 'unknown'; END IF;
  IF v_run.status >= 4 THEN
    RETURN CASE WHEN EXISTS (SELECT 1 FROM ${s}.mail_id WHERE run = v_run.run AND id = m->>'id') THEN 'duplicate' ELSE 'ended' END;
  END IF;
  INSERT INTO ${s}.mail_id (run, id) VALUES (v_run.run, m->>'id') ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN 'duplicate'; END IF;
  INSERT INTO ${s}.mail (run, seq, at, crc, id, body)
    VALUES (v_run.run, v_run.mail_seq + 1, (m->>'atMs')::bigint, (m->>'crc')::bigint, m->>'id', m->>'body');
  -- Not later than now, so that a sender whose clock is ahead does not delay the run.
  UPDATE ${s}.run SET mail_seq = mail_seq + 1,
    wake_at = CASE WHEN status < 2 THEN least(wake_at, (m->>'atMs')::bigint, p_now) ELSE wake_at END WHERE run = v_run.run;
  RETURN 'kept';
END $$;

-- One run's part: fenced by epoch and seq, all or nothing. Its run's row was locked before.
CREATE FUNCTION ${s}.append_part(p jsonb, p_now bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_run ${s}.run;
  v_seq bigint;
  v_seen integer;
  v_events integer := jsonb_array_length(p->'events');
  v_release jsonb := p->'release';
  v_verdict jsonb;
BEGIN
  SELECT * INTO v_run FROM ${s}.run WHERE id = p->>'runId' FOR NO KEY UPDATE;
  IF NOT FOUND OR v_run.status <> 2 OR v_run.epoch <> (p->>'epoch')::integer THEN RETURN '{"status":"stale"}'; END IF;
  -- A server that lost its newest commits may have given the same epoch to another node.
  IF p ? 'owner' AND NOT EXISTS (SELECT 1 FROM ${s}.node WHERE node = v_run.owner AND name = p->>'owner') THEN RETURN '{"status":"stale"}'; END IF;
  v_seq := coalesce((SELECT max(seq) FROM ${s}.journal WHERE run = v_run.run AND part = v_run.part), v_run.base);
  IF p->>'expectedSeq' IS NULL THEN
    IF v_events > 0 THEN RETURN '{"status":"stale"}'; END IF;
  ELSIF (p->>'expectedSeq')::bigint <> v_seq THEN RETURN '{"status":"stale"}';
  END IF;
  v_seen := greatest(v_run.mail_seen, least(coalesce((p->>'mailSeen')::integer, 0), v_run.mail_seq));
  IF (v_release->>'status')::integer = 1 AND (v_run.mail_seq > v_seen
    OR EXISTS (SELECT 1 FROM jsonb_array_elements(p->'messages') m WHERE m->>'runId' = v_run.id)) THEN RETURN '{"status":"mail"}'; END IF;

  IF v_events > 0 THEN
    INSERT INTO ${s}.journal (part, run, seq, at, crc, body)
      SELECT v_run.part, v_run.run, v_seq + e.n, (p->>'atMs')::bigint, (e.event->>0)::bigint, e.event->>1
      FROM jsonb_array_elements(p->'events') WITH ORDINALITY AS e(event, n);
    v_seq := v_seq + v_events;
  END IF;
  IF p ? 'snapshot' THEN
    INSERT INTO ${s}.snapshot (run, seq, crc, body) VALUES (v_run.run, v_seq, (p->'snapshot'->>0)::bigint, p->'snapshot'->>1)
      ON CONFLICT (run, seq) DO UPDATE SET crc = excluded.crc, body = excluded.body;
    DELETE FROM ${s}.snapshot WHERE run = v_run.run AND seq < (SELECT min(seq) FROM (
      SELECT seq FROM ${s}.snapshot WHERE run = v_run.run ORDER BY seq DESC LIMIT 2) newest);
  END IF;
  IF v_seen > v_run.mail_seen THEN DELETE FROM ${s}.mail WHERE run = v_run.run AND seq <= v_seen; END IF;
  IF v_seen > v_run.mail_seen OR (p ? 'progress' AND v_run.crashes > 0) THEN
    UPDATE ${s}.run SET mail_seen = v_seen, crashes = CASE WHEN p ? 'progress' THEN 0 ELSE crashes END WHERE run = v_run.run;
  END IF;
  v_verdict := jsonb_build_object('status', 'ok', 'seq', v_seq, 'run', v_run.run, 'node', v_run.owner);
  IF p ? 'children' THEN
    v_verdict := v_verdict || jsonb_build_object('children',
      (SELECT coalesce(jsonb_agg(${s}.create_run(c) ORDER BY n), '[]') FROM jsonb_array_elements(p->'children') WITH ORDINALITY AS x(c, n)));
  END IF;
  IF p ? 'messages' THEN
    v_verdict := v_verdict || jsonb_build_object('messages',
      (SELECT coalesce(jsonb_agg(${s}.keep_message(m, p_now) ORDER BY n), '[]') FROM jsonb_array_elements(p->'messages') WITH ORDINALITY AS x(m, n)));
  END IF;
  IF v_release IS NOT NULL THEN
    PERFORM ${s}.move(v_run.run, p_now, (v_release->>'status')::integer, (v_release->>'wakeAtMs')::bigint,
      CASE WHEN (v_release->>'status')::integer >= 4 THEN (p->>'atMs')::bigint END, v_release->>'dead', v_release->>'note',
      CASE WHEN v_release ? 'version' THEN
        (SELECT ${s}.kind_of(k.workflow, v_release->>'version', k.queue, k.placement) FROM ${s}.kind k WHERE k.kind = v_run.kind) END, NULL);
    IF v_run.limit_key IS NOT NULL THEN v_verdict := v_verdict || '{"placeFree":true}'; END IF;
    IF v_run.awaited AND (v_release->>'status')::integer >= 4 THEN v_verdict := v_verdict || '{"awaited":true}'; END IF;
  END IF;
  RETURN v_verdict;
END $$;

-- A run, for somebody who waits for its end: whoever ends it is told so. Not marked: somebody has it in his hands at this moment, and nobody waits here.
CREATE FUNCTION ${s}.expect_end(p_id text) RETURNS TABLE (marked boolean, "row" jsonb) LANGUAGE plpgsql AS $$
DECLARE
  v_run ${s}.run;
  v_marked boolean;
BEGIN
  SELECT * INTO v_run FROM ${s}.run WHERE id = p_id;
  v_marked := v_run.status >= 4 OR v_run.awaited IS TRUE;
  IF NOT v_marked THEN
    BEGIN
      -- A mark that is lost with the server is made again.
      PERFORM set_config('synchronous_commit', 'off', true);
      UPDATE ${s}.run SET awaited = true WHERE run = (
        SELECT r.run FROM ${s}.run r WHERE r.run = v_run.run AND r.status < 4 FOR NO KEY UPDATE SKIP LOCKED);
      v_marked := FOUND;
    EXCEPTION WHEN SQLSTATE 'HD002' THEN v_marked := true; -- The store was closed: nothing ends here.
    END;
  END IF;
  RETURN QUERY SELECT v_marked, to_jsonb(x) FROM ${s}.run_row x WHERE x.id = p_id;
END $$;

-- What the rest of a batch will touch, and the runs that end in it, locked in the order in which everybody locks.
CREATE FUNCTION ${s}.lock_for(p_rest jsonb, p_ends bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_ids text[];
  v_keys text[];
BEGIN
  SELECT array_agg(x.id) INTO v_ids FROM (
    SELECT p->>'runId' AS id FROM jsonb_array_elements(p_rest->'parts') p
    UNION SELECT m->>'runId' FROM jsonb_array_elements(p_rest->'parts') p, jsonb_array_elements(p->'messages') m
    UNION SELECT m->>'runId' FROM jsonb_array_elements(p_rest->'messages') m
    UNION SELECT r.id FROM ${s}.run r WHERE r.run = ANY (p_ends)) x;
  SELECT array_agg(x.key) INTO v_keys FROM (
    SELECT c->>'limitKey' AS key FROM jsonb_array_elements(p_rest->'creates') c
    UNION SELECT c->>'limitKey' FROM jsonb_array_elements(p_rest->'parts') p, jsonb_array_elements(p->'children') c
    UNION SELECT 'rate ' || (c->>'rateKey') FROM jsonb_array_elements(p_rest->'creates') c
    UNION SELECT 'rate ' || (c->>'rateKey') FROM jsonb_array_elements(p_rest->'parts') p, jsonb_array_elements(p->'children') c
    UNION SELECT r.limit_key FROM ${s}.run r WHERE r.id = ANY (v_ids)) x;
  PERFORM ${s}.lock_limits(v_keys);
  PERFORM 1 FROM ${s}.run WHERE id = ANY (v_ids) ORDER BY id FOR NO KEY UPDATE;
END $$;

/*
 * New runs that their node takes at once, whose ids and keys are each other's at most once: all of them by one statement a table. What cannot be made so
 * is made, or found, one by one. kinds: [[workflow, version, queue, placement]]; runs: as create_run takes them, and the place of their kind there.
 */
CREATE FUNCTION ${s}.create_claimed(p_births jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_node integer := ${s}.node_of(p_births->'runs'->0->>'claimFor');
  v_part smallint := (SELECT current FROM ${s}.journal_part WHERE one);
  v_claimed boolean;
  v_kinds integer[];
  v_runs bigint[];
  v_made bigint[];
  v_all boolean;
BEGIN
  -- Sharing: it cannot be declared dead while its new runs come to be.
  PERFORM 1 FROM ${s}.node WHERE node = v_node AND died_at IS NULL FOR SHARE;
  v_claimed := FOUND;
  SELECT array_agg(${s}.kind_of(k->>0, k->>1, k->>2, k->>3) ORDER BY n) INTO v_kinds FROM jsonb_array_elements(p_births->'kinds') WITH ORDINALITY AS x(k, n);
  SELECT array_agg(nextval('${s}.run_run_seq')) INTO v_runs FROM generate_series(1, jsonb_array_length(p_births->'runs'));
  WITH made AS (
    INSERT INTO ${s}.run (part, run, id, kind, status, epoch, owner, wake_at, tenant, priority, dedup, parent, created_at, input_hash)
    OVERRIDING SYSTEM VALUE
    SELECT v_part, v_runs[n], c->>'runId', v_kinds[(c->>'kind')::integer + 1], CASE WHEN v_claimed THEN 2 ELSE 0 END, CASE WHEN v_claimed THEN 1 ELSE 0 END,
      CASE WHEN v_claimed THEN v_node END, CASE WHEN NOT v_claimed THEN (c->>'wakeAtMs')::bigint END, coalesce(c->>'tenant', ''),
      (c->>'priority')::integer, c->>'dedup', c->>'parentId',
      (c->>'createdAtMs')::bigint, c->>'inputHash'
    FROM jsonb_array_elements(p_births->'runs') WITH ORDINALITY AS x(c, n)
    ON CONFLICT DO NOTHING RETURNING run)
  SELECT array_agg(run) INTO v_made FROM made;
  v_all := cardinality(v_made) = cardinality(v_runs);
  INSERT INTO ${s}.journal (part, run, seq, at, crc, body)
    SELECT v_part, v_runs[x.n], e.seq, (x.c->>'createdAtMs')::bigint, (e.event->>0)::bigint, e.event->>1
    FROM jsonb_array_elements(p_births->'runs') WITH ORDINALITY AS x(c, n), jsonb_array_elements(x.c->'events') WITH ORDINALITY AS e(event, seq)
    WHERE v_all OR v_runs[x.n] = ANY (v_made);
  RETURN (SELECT jsonb_agg(CASE WHEN v_all OR v_runs[n] = ANY (v_made)
      THEN jsonb_build_object('status', 'created', 'claimed', v_claimed, 'run', v_runs[n], 'node', CASE WHEN v_claimed THEN v_node END)
      ELSE ${s}.create_run(c) END ORDER BY n)
    FROM jsonb_array_elements(p_births->'runs') WITH ORDINALITY AS x(c, n));
END $$;

/*
 * One batch. What most parts are comes as arrays, fenced and written by one statement each: f_…, one row an event, of parts that only append events, of
 * runs whose place the caller knows; e_…, one row a run, of those among them that end with it. All else comes as JSON. Order: creates, parts,
 * messages; the arrays hold no run that the JSON has. p_file: of the journal that the caller knows these places from. A backup that was put in its
 * place may end earlier.
 *
 * Plans do not depend on what the tables held when they were made: each row is found by its key, as there is no other way to find it.
 */
CREATE FUNCTION ${s}.commit(
  p_now bigint, p_file oid, f_node integer[], f_run bigint[], f_epoch integer[], f_seq bigint[], f_at bigint[], f_crc bigint[], f_body text[],
  e_run bigint[], e_status integer[], e_at bigint[], e_dead text[], e_note text[], p_births jsonb, p_rest jsonb, p_hint text
) RETURNS jsonb LANGUAGE plpgsql ${byKey} AS $$
DECLARE
  v_count bigint;
  v_answer jsonb := NULL;
  v_stale bigint[];
  v_awaited bigint[];
  v_births jsonb;
  v_creates jsonb;
  v_parts jsonb;
  v_messages jsonb;
BEGIN
  IF cardinality(f_run) > 0 THEN PERFORM 1 FROM ${s}.node WHERE node = ANY (f_node) ORDER BY node FOR SHARE; END IF;
  IF p_rest IS NOT NULL THEN PERFORM ${s}.lock_for(p_rest, e_run); END IF;
  IF p_births IS NOT NULL THEN v_births := ${s}.create_claimed(p_births); END IF;
  IF p_rest IS NOT NULL THEN
    SELECT coalesce(jsonb_agg(${s}.create_run(c) ORDER BY n), '[]') INTO v_creates FROM jsonb_array_elements(p_rest->'creates') WITH ORDINALITY AS x(c, n);
  END IF;
  IF cardinality(f_run) > 0 THEN
    INSERT INTO ${s}.journal (part, run, seq, at, crc, body)
      SELECT x.part, x.run, x.seq, x.at, x.crc, x.body FROM (
        SELECT (SELECT CASE WHEN r.epoch = e.epoch AND r.status = 2 AND r.owner = ANY (f_node) THEN r.part END FROM ${s}.run r WHERE r.run = e.run) AS part,
          e.run, e.seq, e.at, e.crc, e.body FROM unnest(f_run, f_epoch, f_seq, f_at, f_crc, f_body) AS e(run, epoch, seq, at, crc, body) OFFSET 0) x
      WHERE x.part IS NOT NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    -- Now, with the table locked against its replacement.
    IF p_file IS DISTINCT FROM pg_relation_filenode(to_regclass('${s}.journal_0')) THEN
      RAISE EXCEPTION 'the journal is another one' USING ERRCODE = 'HD003';
    END IF;
    IF v_count < cardinality(f_run) THEN
      SELECT array_agg(DISTINCT e.run) INTO v_stale FROM unnest(f_run, f_epoch) AS e(run, epoch)
        WHERE (SELECT r.epoch = e.epoch AND r.status = 2 AND r.owner = ANY (f_node) FROM ${s}.run r WHERE r.run = e.run) IS NOT TRUE;
      v_answer := jsonb_build_object('stale', to_jsonb(v_stale));
    END IF;
    IF cardinality(e_run) > 0 THEN
      WITH ended AS (
        UPDATE ${s}.run r SET status = e.status, owner = NULL, wake_at = NULL, ended_at = e.at, dead = e.dead, note = e.note
        FROM unnest(e_run, e_status, e_at, e_dead, e_note) AS e(run, status, at, dead, note)
        WHERE r.run = e.run AND (v_stale IS NULL OR e.run <> ALL (v_stale)) RETURNING r.run, r.awaited)
      SELECT array_agg(run) FILTER (WHERE awaited) INTO v_awaited FROM ended;
      IF v_awaited IS NOT NULL THEN v_answer := coalesce(v_answer, '{}') || jsonb_build_object('awaited', to_jsonb(v_awaited)); END IF;
    END IF;
  END IF;
  IF p_rest IS NOT NULL THEN
    SELECT coalesce(jsonb_agg(${s}.append_part(p, p_now) ORDER BY n), '[]') INTO v_parts FROM jsonb_array_elements(p_rest->'parts') WITH ORDINALITY AS x(p, n);
    SELECT coalesce(jsonb_agg(${s}.keep_message(m, p_now) ORDER BY n), '[]') INTO v_messages FROM jsonb_array_elements(p_rest->'messages') WITH ORDINALITY AS x(m, n);
    v_answer := coalesce(v_answer, '{}') || jsonb_build_object('creates', v_creates, 'parts', v_parts, 'messages', v_messages);
  END IF;
  IF v_births IS NOT NULL THEN v_answer := coalesce(v_answer, '{}') || jsonb_build_object('births', v_births); END IF;
  IF p_hint IS NOT NULL THEN PERFORM pg_notify(${channel(s)}, p_hint); END IF;
  RETURN v_answer;
END $$;

-- New runs and messages as a part of the caller's own transaction, which may stay open for long: it takes no lock that others wait for but those of
-- the runs that it sends to. In another database there may be a store of the same name.
CREATE FUNCTION ${s}.commit_within(p_store uuid, p_now bigint, p_rest jsonb, p_hint text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_creates jsonb;
  v_messages jsonb;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM ${s}.heddle_store WHERE id = p_store) THEN RAISE EXCEPTION 'another store' USING ERRCODE = 'HD001'; END IF;
  SELECT coalesce(jsonb_agg(${s}.create_run(c || '{"guest":true}') ORDER BY n), '[]') INTO v_creates
    FROM jsonb_array_elements(p_rest->'creates') WITH ORDINALITY AS x(c, n);
  SELECT coalesce(jsonb_agg(${s}.keep_message(m, p_now) ORDER BY n), '[]') INTO v_messages
    FROM jsonb_array_elements(p_rest->'messages') WITH ORDINALITY AS x(m, n);
  IF p_hint IS NOT NULL THEN PERFORM pg_notify(${channel(s)}, p_hint); END IF;
  RETURN jsonb_build_object('creates', v_creates, 'parts', '[]'::jsonb, 'messages', v_messages);
END $$;

-- How many more runs of a kind a node may own: NULL: as many as it likes. Of the index alone, and never more of it than the bound.
CREATE FUNCTION ${s}.room(p_node integer, p_kind integer, p_most integer) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN p_most IS NULL THEN NULL
    ELSE p_most - (SELECT count(*)::integer FROM (SELECT 1 FROM ${s}.run WHERE owner = p_node AND kind = p_kind LIMIT p_most) owned) END
$$;

-- Due runs of a tenant and kind, those that go first among them: from priority to priority, at most p_count of each, so that none is met that is not due.
CREATE FUNCTION ${s}.due_of(p_kind integer, p_tenant text, p_before bigint, p_count integer) RETURNS TABLE (run bigint, rank bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE v_level integer;
BEGIN
  SELECT r.priority INTO v_level FROM ${s}.run r WHERE r.kind = p_kind AND r.tenant = p_tenant AND ${claimable} ORDER BY r.priority DESC LIMIT 1;
  WHILE v_level IS NOT NULL LOOP
    RETURN QUERY SELECT r.run, r.wake_at - r.priority * ${ageingMs}::bigint FROM ${s}.run r
      WHERE r.kind = p_kind AND r.tenant = p_tenant AND r.priority = v_level AND ${claimable} AND r.wake_at <= p_before
      ORDER BY r.wake_at, r.run LIMIT p_count;
    SELECT r.priority INTO v_level FROM ${s}.run r
      WHERE r.kind = p_kind AND r.tenant = p_tenant AND ${claimable} AND r.priority < v_level ORDER BY r.priority DESC LIMIT 1;
  END LOOP;
END $$;

/*
 * Tenants with due runs of a kind, by name from the one on that follows p_after, and round again: from tenant to tenant, without meeting their runs.
 * At most p_count; at most p_looks are looked at, since one whose runs are all parked is looked at for nothing. stopped_at: the last that was looked at, when
 * there may be more behind it.
 */
CREATE FUNCTION ${s}.waiting_tenants(p_kind integer, p_before bigint, p_after text, p_count integer, p_looks integer,
  OUT tenants text[], OUT looked integer, OUT stopped_at text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_tenant text := p_after;
  v_around boolean := false;
  v_last text;
BEGIN
  tenants := '{}';
  looked := 0;
  LOOP
    IF v_tenant IS NULL THEN
      SELECT r.tenant INTO v_tenant FROM ${s}.run r WHERE r.kind = p_kind AND ${claimable} ORDER BY r.tenant LIMIT 1;
    ELSE
      SELECT r.tenant INTO v_tenant FROM ${s}.run r WHERE r.kind = p_kind AND r.tenant > v_tenant AND ${claimable} ORDER BY r.tenant LIMIT 1;
    END IF;
    IF v_tenant IS NULL OR (v_around AND v_tenant COLLATE "C" > p_after) THEN
      IF v_around THEN RETURN; END IF;
      v_around := true;
      v_tenant := NULL;
      CONTINUE;
    END IF;
    IF looked = p_looks THEN
      stopped_at := v_last;
      RETURN;
    END IF;
    looked := looked + 1;
    v_last := v_tenant;
    IF EXISTS (SELECT 1 FROM ${s}.due_of(p_kind, v_tenant, p_before, 1)) THEN
      tenants := tenants || v_tenant;
      IF cardinality(tenants) = p_count THEN RETURN; END IF;
    END IF;
  END LOOP;
END $$;

/*
 * Take due runs for a node. Tenants take turns: each gives one after the other, from the one on that follows p_after by name. Of each kind those that were
 * due at p_before, at most p_most, where that is given, together with what the node owns. The last row has no run, and says after whom the next claim goes on.
 */
CREATE FUNCTION ${s}.claim(p_node text, p_limit integer, p_now bigint, p_kinds integer[], p_before bigint[], p_most integer[], p_after text)
RETURNS TABLE (place integer, "row" jsonb, seq bigint, after text) LANGUAGE plpgsql ${byIndex} AS $$
DECLARE
  v_node integer := ${s}.node_of(p_node);
  v_run ${s}.run;
  v_taken integer := 0;
  v_after text := p_after;
  v_count integer;                     -- how many this pass may take
  v_room integer[];                    -- by kind: how many of them
  v_looks integer[] := array_fill(${mostLooks}, ARRAY[cardinality(p_kinds)]);
  v_wake bigint;
  v_walk record;
  v_tenants text[];
  v_stopped text;
  v_share integer;                     -- at most so many of each tenant
  v_busy integer := 0;                 -- so many that other nodes have in their hands may stand before those that are free
  v_met_busy integer;
  v_round integer;
  v_due bigint[];                      -- tenant after tenant, each tenant's as they go
  v_sizes integer[];                   -- by tenant
  v_at integer[];                      -- by tenant: its next in v_due
  v_end integer[];                     -- by tenant: its last there
  v_met integer := 0;                  -- so many had to be held
  v_any boolean;
  v_left boolean;
  v_before_turn integer;
  v_held boolean;
  v_full boolean;
  v_rated boolean;
  v_free integer;
  v_kind integer;
BEGIN
  -- Where a bound counts, one claim of the node after the other.
  IF array_length(array_remove(p_most, NULL), 1) > 0 THEN PERFORM 1 FROM ${s}.node WHERE node = v_node FOR NO KEY UPDATE; END IF;
  PERFORM 1 FROM ${s}.node WHERE node = v_node AND died_at IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN; END IF;
  <<passes>>
  WHILE v_taken < p_limit AND v_met < ${mostHeld} LOOP
    v_count := p_limit - v_taken;
    v_tenants := '{}';
    FOR i IN 1 .. cardinality(p_kinds) LOOP
      v_room[i] := greatest(0, least(v_count, ${s}.room(v_node, p_kinds[i], p_most[i])));
      CONTINUE WHEN v_room[i] = 0;
      SELECT r.wake_at INTO v_wake FROM ${s}.run r WHERE ${wakeKind} = p_kinds[i] AND ${claimable} ORDER BY ${wakeTime} LIMIT 1;
      IF v_wake IS NULL OR v_wake > p_before[i] THEN
        v_room[i] := 0;
        CONTINUE;
      END IF;
      SELECT * INTO v_walk FROM ${s}.waiting_tenants(p_kinds[i], p_before[i], v_after, v_count, v_looks[i]);
      v_looks[i] := v_looks[i] - v_walk.looked;
      v_stopped := coalesce(v_stopped, v_walk.stopped_at);
      v_tenants := v_tenants || v_walk.tenants;
    END LOOP;
    IF cardinality(v_tenants) > 0 THEN
      SELECT array_agg(y.t ORDER BY y.t <= v_after, y.t) INTO v_tenants
        FROM (SELECT DISTINCT x.t COLLATE "C" <= v_after, x.t COLLATE "C" AS t FROM unnest(v_tenants) x(t) ORDER BY 1, 2 LIMIT v_count) y;
      v_share := ceil(v_count::numeric / cardinality(v_tenants));
      SELECT array_agg(z.run ORDER BY z.nth, z.place), array_agg(z.nth::integer ORDER BY z.nth, z.place) INTO v_due, v_sizes FROM (
        SELECT t.nth, d.run, row_number() OVER (PARTITION BY t.nth ORDER BY d.rank, d.run) AS place
        FROM unnest(v_tenants) WITH ORDINALITY AS t(tenant, nth), unnest(p_kinds, p_before, v_room) AS k(kind, before, room),
          LATERAL ${s}.due_of(k.kind, t.tenant, k.before, least(v_share, k.room) + v_busy) d
        WHERE k.room > 0) z WHERE z.place <= v_share + v_busy;
    ELSIF v_stopped IS NOT NULL AND v_taken = 0 THEN
      -- Whoever has due runs stands behind a great many who have parked ones only: those that have been due for longest, whoever's they are.
      v_share := v_count;
      SELECT array_agg(z.run ORDER BY z.wake_at, z.run), array_agg(1) INTO v_due, v_sizes FROM (
        SELECT d.run, d.wake_at FROM unnest(p_kinds, p_before, v_room) AS k(kind, before, room), LATERAL (
          SELECT r.run, r.wake_at FROM ${s}.run r WHERE r.${wakeKind} = k.kind AND ${claimable} AND ${wakeTime} <= k.before
          ORDER BY ${wakeTime}, r.run LIMIT k.room) d
        WHERE k.room > 0 ORDER BY d.wake_at, d.run LIMIT v_count) z;
    ELSE
      EXIT;
    END IF;
    EXIT WHEN v_due IS NULL;
    v_at := '{}';
    v_end := '{}';
    FOR i IN 1 .. cardinality(v_due) LOOP
      IF i = 1 OR v_sizes[i] <> v_sizes[i - 1] THEN
        v_at := v_at || i;
        v_end := v_end || i;
      ELSE
        v_end[cardinality(v_end)] := i;
      END IF;
    END LOOP;
    PERFORM ${s}.lock_limits(ARRAY(
      SELECT unnest(ARRAY[r.limit_key, CASE WHEN r.epoch = 0 THEN 'rate ' || r.rate_key END]) FROM ${s}.run r WHERE r.run = ANY (v_due)));
    v_any := false;
    v_met_busy := 0;
    v_round := 0;
    v_left := true;
    WHILE v_left AND v_round < v_share LOOP
      v_left := false;
      v_round := v_round + 1;
      FOR i IN 1 .. cardinality(v_at) LOOP
        v_before_turn := v_taken;
        v_held := false;
        WHILE v_at[i] <= v_end[i] AND v_taken = v_before_turn LOOP
          -- What another node has in its hands at this moment is left to it.
          SELECT * INTO v_run FROM ${s}.run r WHERE r.run = v_due[v_at[i]] AND r.status < 2 AND r.held IS NULL AND r.wake_at <= p_now FOR NO KEY UPDATE SKIP LOCKED;
          v_at[i] := v_at[i] + 1;
          IF NOT FOUND THEN
            v_met_busy := v_met_busy + 1;
            CONTINUE;
          END IF;
          v_kind := array_position(p_kinds, v_run.kind);
          CONTINUE WHEN v_kind IS NULL OR v_room[v_kind] = 0;
          v_any := true;
          v_full := v_run.limit_key IS NOT NULL AND ${s}.places_taken(v_run.limit_key) >= v_run.limit_max;
          v_rated := v_run.rate_key IS NOT NULL AND v_run.epoch = 0;
          IF v_full AND NOT v_rated THEN
            UPDATE ${s}.run SET held = 1 WHERE run = v_run.run;
          ELSIF v_rated THEN
            v_free := CASE WHEN v_full THEN 0 ELSE ${s}.permits_free(v_run.rate_key, v_run.rate_max, v_run.rate_period, p_now) END;
            IF v_free <= 0 THEN
              PERFORM ${s}.wait_in_lane(v_run, v_full);
              -- It had been given a place that it cannot use now.
              IF NOT v_full AND v_run.limit_key IS NOT NULL THEN PERFORM ${s}.pass_place_on(v_run.limit_key, v_run.tenant); END IF;
              v_full := true;
            END IF;
          END IF;
          IF v_full THEN
            v_held := true;
            v_met := v_met + 1;
            CONTINUE;
          END IF;
          UPDATE ${s}.run SET status = 2, epoch = epoch + 1, owner = v_node, wake_at = NULL, held = NULL, due_at = NULL, dead = NULL, note = NULL WHERE run = v_run.run;
          IF v_rated THEN
            PERFORM ${s}.give_permit(v_run.rate_key, v_run.rate_period, p_now);
            IF v_run.due_at IS NOT NULL THEN
              v_free := least(v_free - 1, ${mostOfLane});
              IF v_run.limit_key IS NOT NULL THEN v_free := least(v_free, v_run.limit_max - ${s}.places_taken(v_run.limit_key)); END IF;
              PERFORM ${s}.pass_lane_on(v_run, v_free);
            END IF;
          END IF;
          v_room[v_kind] := v_room[v_kind] - 1;
          v_taken := v_taken + 1;
          v_after := v_run.tenant;
          RETURN QUERY SELECT v_taken, to_jsonb(x), coalesce((SELECT max(j.seq) FROM ${s}.journal j WHERE j.run = v_run.run AND j.part = v_run.part), v_run.base), NULL::text
            FROM ${s}.run_row x WHERE x.run = v_run.run;
        END LOOP;
        EXIT passes WHEN v_taken = p_limit;
        -- Its turn is not over: behind those that had to be held there may be one that it can take.
        CONTINUE passes WHEN v_taken = v_before_turn AND v_held AND v_met < ${mostHeld} AND v_end[i] - coalesce(v_end[i - 1], 0) >= v_share + v_busy AND cardinality(v_tenants) > 0;
        v_left := v_left OR v_at[i] <= v_end[i];
      END LOOP;
    END LOOP;
    EXIT WHEN cardinality(v_tenants) = 0 OR (NOT v_any AND v_met_busy <= v_busy);
    v_busy := greatest(v_busy, v_met_busy);
  END LOOP;
  IF v_stopped IS NOT NULL AND v_taken < p_limit THEN v_after := v_stopped; END IF;
  IF v_after <> p_after THEN RETURN QUERY SELECT NULL::integer, NULL::jsonb, NULL::bigint, v_after; END IF;
END $$;

CREATE FUNCTION ${s}.next_wake(p_node text, p_kinds integer[], p_delay integer[], p_most integer[]) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_node integer := (SELECT node FROM ${s}.node WHERE name = p_node);
  v_wake bigint;
BEGIN
  FOR i IN 1 .. cardinality(p_kinds) LOOP
    CONTINUE WHEN ${s}.room(v_node, p_kinds[i], p_most[i]) <= 0;
    v_wake := least(v_wake, (SELECT wake_at + p_delay[i] FROM ${s}.run WHERE ${wakeKind} = p_kinds[i] AND ${claimable} ORDER BY ${wakeTime} LIMIT 1));
  END LOOP;
  RETURN v_wake;
END $$;

-- What is needed to go on with these runs; of each at most so many events. Planned once, whatever the tables held then: each row is found by its key.
CREATE FUNCTION ${s}.tails(p_ids text[], p_most integer) RETURNS TABLE (n integer, base bigint, snapshot json, events json, mail json)
LANGUAGE plpgsql STABLE ${byKey} AS $$
BEGIN
  RETURN QUERY SELECT x.n::integer, r.base, to_json(t), e.events, m.mail
    FROM unnest(p_ids) WITH ORDINALITY AS x(id, n)
    JOIN ${s}.run r ON r.id = x.id
    LEFT JOIN LATERAL (
      SELECT t.seq, t.crc, t.body FROM ${s}.snapshot t WHERE t.run = r.run AND t.seq >= r.base ORDER BY t.seq DESC LIMIT 1) t ON true
    CROSS JOIN LATERAL (
      SELECT coalesce(json_agg(j ORDER BY j.seq), '[]') AS events FROM (
        SELECT j.seq, j.at, j.crc, j.body FROM ${s}.journal j WHERE j.run = r.run AND j.part = r.part AND j.seq > coalesce(t.seq, 0) ORDER BY j.seq LIMIT p_most) j) e
    CROSS JOIN LATERAL (
      SELECT coalesce(json_agg(m ORDER BY m.seq), '[]') AS mail FROM (
        SELECT m.seq, m.at, m.crc, m.id, m.body FROM ${s}.mail m WHERE m.run = r.run) m) m;
END $$;

CREATE FUNCTION ${s}.heartbeat(p_node text, p_until bigint, p_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_alive boolean;
BEGIN
  PERFORM ${s}.node_of(p_node);
  SELECT died_at IS NULL INTO v_alive FROM ${s}.node WHERE name = p_node FOR NO KEY UPDATE;
  UPDATE ${s}.node SET until = p_until, lease = greatest(0, p_until - p_now), died_at = NULL, left_at = NULL,
    seen = CASE WHEN p_until > p_now THEN p_now ELSE seen END WHERE name = p_node;
  RETURN v_alive;
END $$;

-- Take a duty, or keep it. False: another node's time for it is not over.
CREATE FUNCTION ${s}.take_duty(p_duty text, p_node text, p_until bigint, p_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_node integer := ${s}.node_of(p_node);
BEGIN
  -- Locked before the duty, as by whoever declares it dead.
  PERFORM 1 FROM ${s}.node WHERE node = v_node AND died_at IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO ${s}.duty AS d (duty, node, until, lease) VALUES (p_duty, v_node, p_until, greatest(0, p_until - p_now)) ON CONFLICT (duty) DO UPDATE
    SET node = excluded.node, until = excluded.until, lease = excluded.lease
    WHERE d.node = excluded.node OR d.until < p_now OR d.until - 2 * d.lease > p_now;
  RETURN FOUND;
END $$;

-- Take the runs of these nodes away: queued, due at once.
CREATE FUNCTION ${s}.free_runs_of(p_nodes integer[], p_now bigint, p_crash integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_run ${s}.run;
  v_count integer := 0;
BEGIN
  PERFORM ${s}.lock_limits(ARRAY(SELECT limit_key FROM ${s}.run WHERE owner = ANY (p_nodes)));
  FOR v_run IN SELECT * FROM ${s}.run WHERE owner = ANY (p_nodes) ORDER BY id FOR NO KEY UPDATE LOOP
    PERFORM ${s}.move(v_run.run, p_now, 0, p_now, NULL, NULL, NULL, NULL, v_run.crashes + p_crash);
    v_count := v_count + 1;
  END LOOP;
  RETURN v_count;
END $$;

CREATE FUNCTION ${s}.reap(p_now bigint, p_forget_dead bigint, p_forget_left bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_dead integer[];
  v_count integer;
BEGIN
  -- Locked against commits of those nodes, in the order in which everybody locks. A node in the middle of one is left to the next look: whoever waited
  -- here would be as dead as that one.
  SELECT array_agg(x.node) INTO v_dead FROM (
    SELECT n.node FROM ${s}.node n WHERE n.until < p_now OR n.until - 2 * n.lease > p_now
      OR (n.until IS NULL AND (n.died_at < p_forget_dead OR n.left_at < p_forget_left OR EXISTS (SELECT 1 FROM ${s}.run r WHERE r.owner = n.node)))
      ORDER BY n.node FOR UPDATE SKIP LOCKED) x;
  IF v_dead IS NULL THEN RETURN 0; END IF;
  UPDATE ${s}.node SET until = NULL, died_at = p_now WHERE node = ANY (v_dead) AND until IS NOT NULL;
  v_count := ${s}.free_runs_of(v_dead, p_now, 1);
  DELETE FROM ${s}.duty d USING ${s}.node n WHERE n.node = d.node AND n.node = ANY (v_dead) AND n.died_at IS NOT NULL;
  DELETE FROM ${s}.node n WHERE n.node = ANY (v_dead) AND (n.died_at < p_forget_dead OR n.left_at < p_forget_left);
  RETURN v_count;
END $$;

CREATE FUNCTION ${s}.leave(p_node text, p_now bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_node integer;
BEGIN
  SELECT node INTO v_node FROM ${s}.node WHERE name = p_node FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM ${s}.free_runs_of(ARRAY[v_node], p_now, 0);
  DELETE FROM ${s}.duty WHERE node = v_node;
  UPDATE ${s}.node SET until = NULL, died_at = NULL, left_at = p_now WHERE node = v_node;
END $$;

-- What a node says of itself.
CREATE FUNCTION ${s}.describe_node(p_node text, p_info text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ${s}.node_of(p_node);
  UPDATE ${s}.node SET info = p_info, left_at = NULL WHERE name = p_node;
END $$;

CREATE FUNCTION ${s}.lock_run(p_id text) RETURNS ${s}.run LANGUAGE plpgsql AS $$
DECLARE v_run ${s}.run;
BEGIN
  PERFORM ${s}.lock_limits(ARRAY(SELECT unnest(ARRAY[limit_key, 'rate ' || rate_key]) FROM ${s}.run WHERE id = p_id));
  SELECT * INTO v_run FROM ${s}.run WHERE id = p_id FOR UPDATE;
  RETURN v_run;
END $$;

CREATE FUNCTION ${s}.set_status(p_id text, p_from integer[], p_to integer, p_wake bigint, p_note text, p_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_run ${s}.run := ${s}.lock_run(p_id);
BEGIN
  IF v_run.run IS NULL OR v_run.status = 2 OR NOT v_run.status = ANY (p_from) THEN RETURN false; END IF;
  PERFORM ${s}.move(v_run.run, p_now, p_to, p_wake, CASE WHEN p_to >= 4 THEN p_now END, NULL, p_note, NULL, NULL);
  RETURN true;
END $$;

-- Set while the user's statements run: the store's own tables are not theirs to write.
CREATE FUNCTION ${s}.guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('heddle.guest', true) = 'on' THEN
    RAISE EXCEPTION 'The tables of Heddle''s store are not for a transaction''s statements to write: %', TG_TABLE_NAME USING ERRCODE = '42501';
  END IF;
  RETURN NULL;
END $$;
${["kind", "node", "duty", "run", ...journalTables, "mail", "mail_id", "snapshot", "tag", "blob", "permit"]
  .map(
    (table) =>
      `CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${s}.${table} FOR EACH STATEMENT EXECUTE FUNCTION ${s}.guard();`,
  )
  .join("\n")}
`;

/** Name of the channel for hints, as an SQL text: one for each schema of a database. */
export function channel(s: string): string {
  return `'heddle_${s.replaceAll('"', "")}'`;
}
