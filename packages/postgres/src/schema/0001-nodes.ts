/** Signs of life, duties, and what dies. */
export const nodes = (s: string): string => `
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
`;
