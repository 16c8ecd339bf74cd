import { ageingMs, clockStepMs } from "@heddle/kernel";
import { lane, rank } from "./0001-tables.ts";
import { channel } from "./channel.ts";
import { byIndex } from "./plans.ts";

/** Places of limits, permits of rates, and the runs that wait for them. */
export const limits = (s: string): string => `
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
`;
