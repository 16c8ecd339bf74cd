import { ageingMs } from "@heddle/kernel";
import { lane } from "./0001-tables.ts";
import { channel } from "./channel.ts";

/** What becomes of one run. */
export const runs = (s: string): string => `
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
  v_ends_whole boolean;
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
  v_ends_whole := coalesce((v_release->>'status')::integer >= 4, false) AND v_run.base = 0;
  IF v_ends_whole THEN DELETE FROM ${s}.snapshot WHERE run = v_run.run;
  ELSIF p ? 'snapshot' THEN
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
`;
