import { channel } from "./channel.ts";
import { byKey } from "./plans.ts";

/** A batch, in one round trip and one transaction. */
export const commits = (s: string): string => `
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
        WHERE r.run = e.run AND (v_stale IS NULL OR e.run <> ALL (v_stale)) RETURNING r.run, r.base, r.awaited),
      dropped AS (DELETE FROM ${s}.snapshot t USING ended WHERE t.run = ended.run AND ended.base = 0)
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
`;
