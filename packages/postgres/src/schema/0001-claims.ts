import { ageingMs } from "@heddle/kernel";
import { claimable, wakeKind, wakeTime } from "./0001-tables.ts";
import { byIndex } from "./plans.ts";

/** Of one kind, tenants that a claim looks at, at most: those behind them have their turn in the next. */
const mostLooks = 1_000;
/** Runs that are met in one claim and have to be held, at most, about: very many are met a part at a time, and the others have their turns. */
const mostHeld = 2_000;
/** How many of a lane go back into the queue at once, at most, when several permits are free. */
const mostOfLane = 100;

/** Which runs a node takes, and when the next is due. */
export const claims = (s: string): string => `
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
`;
