import { turningParts } from "./0001-tables.ts";

/**
 * How runs are removed, and how the space of their events is given back.
 *
 * The journal has parts. A new run's events go into the current part, and stay there. Runs that were kept long enough are removed by their rows, but of their
 * events nothing is deleted: nobody can find them any more. When no run of a part is left, the part is emptied as a whole: that costs the same for one event as
 * for a hundred million, and leaves nothing behind that a vacuum would have to look at. Each time that half of the retention has passed the next part
 * becomes the current one. When it is that one's turn and it still has runs, these have lived long: they are moved to part 0, once, where events are deleted one by
 * one.
 *
 * Invariants: 1. A part is emptied only while nobody else can write or read there, when no run says that its events are there. 2. Where a run's events are
 * changes only together with its row, while its owner commits nothing: a commit looks at the row after it has locked its node.
 *
 * @param s the schema's name, quoted
 */
export const retention = (s: string): string => `
CREATE FUNCTION ${s}.remove_runs(p_runs bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM ${s}.mail WHERE run = ANY (p_runs);
  DELETE FROM ${s}.mail_id WHERE run = ANY (p_runs);
  DELETE FROM ${s}.snapshot WHERE run = ANY (p_runs);
  DELETE FROM ${s}.tag WHERE run = ANY (p_runs);
  DELETE FROM ${s}.run WHERE run = ANY (p_runs);
END $$;

-- Who deletes one run wants its events gone.
CREATE FUNCTION ${s}.delete_run(p_id text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_run ${s}.run := ${s}.lock_run(p_id);
BEGIN
  IF v_run.run IS NULL OR v_run.status = 2 THEN RETURN false; END IF;
  DELETE FROM ${s}.journal WHERE run = v_run.run AND part = v_run.part;
  PERFORM ${s}.remove_runs(ARRAY[v_run.run]);
  IF v_run.due_at IS NOT NULL THEN PERFORM ${s}.pass_lane_on(v_run, 1); END IF;
  IF v_run.limit_key IS NOT NULL THEN PERFORM ${s}.pass_place_on(v_run.limit_key, v_run.tenant); END IF;
  RETURN true;
END $$;

-- Not of a run that has ended meanwhile: its snapshots went with its end.
CREATE FUNCTION ${s}.compact(p_id text, p_through bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_run bigint;
  v_part smallint;
BEGIN
  SELECT run, part INTO v_run, v_part FROM ${s}.run WHERE id = p_id AND base < p_through FOR NO KEY UPDATE;
  -- Asked behind the lock: whoever ends the run holds it.
  IF NOT FOUND OR NOT EXISTS (SELECT 1 FROM ${s}.snapshot WHERE run = v_run AND seq >= p_through) THEN RETURN; END IF;
  UPDATE ${s}.run SET base = p_through WHERE run = v_run;
  DELETE FROM ${s}.journal WHERE run = v_run AND part = v_part AND seq <= p_through;
END $$;

CREATE FUNCTION ${s}.sweep(p_before bigint, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_runs bigint[];
BEGIN
  SELECT array_agg(x.run) INTO v_runs FROM (
    SELECT run FROM ${s}.run WHERE ended_at < p_before ORDER BY ended_at, run LIMIT p_limit FOR UPDATE SKIP LOCKED) x;
  DELETE FROM ${s}.journal WHERE run = ANY (v_runs) AND part = 0;
  PERFORM ${s}.remove_runs(v_runs);
  RETURN coalesce(cardinality(v_runs), 0);
END $$;

-- Empty a part of which no run is left. False: one is, there is nothing, or somebody reads there.
CREATE FUNCTION ${s}.empty_part(p_part integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_table regclass := format('${s}.journal_%s', p_part);
BEGIN
  IF pg_relation_size(v_table) = 0 OR EXISTS (SELECT 1 FROM ${s}.run WHERE part = p_part) THEN RETURN false; END IF;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', v_table);
  -- Looked at again: a run may have come to be in a transaction that was open until now.
  IF EXISTS (SELECT 1 FROM ${s}.run WHERE part = p_part) THEN RETURN false; END IF;
  EXECUTE format('TRUNCATE %s', v_table);
  RETURN true;
EXCEPTION WHEN lock_not_available THEN RETURN false;
END $$;

-- Move runs of a part to part 0, until so many events are moved. Runs that somebody has locked are left for another time. False: none was moved.
CREATE FUNCTION ${s}.move_out(p_part integer, p_events integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_nodes integer[];
  v_runs bigint[];
  v_run bigint;
  v_moved integer;
  v_events integer := 0;
BEGIN
  SELECT array_agg(x.run), array_agg(x.owner) INTO v_runs, v_nodes FROM (
    SELECT run, owner FROM ${s}.run WHERE part = p_part AND part > 0 ORDER BY run LIMIT 100) x;
  IF v_runs IS NULL THEN RETURN false; END IF;
  PERFORM 1 FROM ${s}.node WHERE node = ANY (v_nodes) ORDER BY node FOR NO KEY UPDATE;
  SELECT array_agg(x.run) INTO v_runs FROM (
    SELECT run FROM ${s}.run WHERE run = ANY (v_runs) AND part = p_part AND (owner IS NULL OR owner = ANY (v_nodes)) ORDER BY id FOR UPDATE SKIP LOCKED) x;
  IF v_runs IS NULL THEN RETURN false; END IF;
  FOREACH v_run IN ARRAY v_runs LOOP
    UPDATE ${s}.journal SET part = 0 WHERE run = v_run AND part = p_part;
    GET DIAGNOSTICS v_moved = ROW_COUNT;
    UPDATE ${s}.run SET part = 0 WHERE run = v_run;
    v_events := v_events + v_moved;
    EXIT WHEN v_events >= p_events;
  END LOOP;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN RETURN false;
END $$;

-- One step of keeping the journal's parts in turn. True: there is another to do. Whoever waits for a lock here makes others wait behind: so not for long.
CREATE FUNCTION ${s}.turn_journal(p_now bigint, p_turn bigint, p_events integer) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '50ms' AS $$
DECLARE
  v_state ${s}.journal_part;
  v_part integer;
  v_next integer;
BEGIN
  SELECT * INTO v_state FROM ${s}.journal_part FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN false; END IF;
  FOR v_part IN 1..${turningParts} LOOP
    IF v_part <> v_state.current AND ${s}.empty_part(v_part) THEN RETURN true; END IF;
  END LOOP;
  IF p_now - v_state.began_at BETWEEN 0 AND p_turn - 1 THEN RETURN false; END IF;
  v_next := v_state.current % ${turningParts} + 1;
  IF pg_relation_size(format('${s}.journal_%s', v_next)) > 0 OR EXISTS (SELECT 1 FROM ${s}.run WHERE part = v_next) THEN
    RETURN ${s}.move_out(v_next, p_events);
  END IF;
  UPDATE ${s}.journal_part SET current = v_next, began_at = p_now;
  RETURN false;
END $$;
`;
