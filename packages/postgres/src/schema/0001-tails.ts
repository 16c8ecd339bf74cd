import { byKey } from "./plans.ts";

/** Several runs, read at once. */
export const tails = (s: string): string => `
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
`;
