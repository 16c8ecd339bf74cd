import { journalTables } from "./0001-tables.ts";

const guarded = ["node", "duty", "run", ...journalTables, "mail", "mail_id", "snapshot", "tag", "blob", "permit"];

/**
 * Where the runs of a store went. As long as it is in use this costs nothing: the triggers that refuse come with the move.
 *
 * @param s the schema's name, quoted
 */
export const move = (s: string): string => `
ALTER TABLE ${s}.heddle_store ADD COLUMN moved_to text, ADD COLUMN moved_done boolean;

CREATE FUNCTION ${s}.moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', (SELECT moved_to FROM ${s}.heddle_store) USING ERRCODE = 'HD002';
END $$;

-- Close the store to writers, or open it again where p_to is null. Waits for the transactions under way, in the order in which everybody locks.
CREATE FUNCTION ${s}.set_move(p_to text, p_done boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_closed boolean;
BEGIN
  LOCK TABLE ${s}.node IN EXCLUSIVE MODE;
  LOCK TABLE ${s}.run IN EXCLUSIVE MODE;
  IF EXISTS (SELECT 1 FROM ${s}.run WHERE status = 2 AND status <> 4) THEN RETURN false; END IF;
  SELECT moved_to IS NOT NULL INTO v_closed FROM ${s}.heddle_store FOR UPDATE;
  UPDATE ${s}.heddle_store SET moved_to = p_to, moved_done = p_done;
  IF p_to IS NOT NULL AND NOT v_closed THEN
${guarded
  .map(
    (table) =>
      `    CREATE TRIGGER moved BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${s}.${table} FOR EACH STATEMENT EXECUTE FUNCTION ${s}.moved();`,
  )
  .join("\n")}
  ELSIF p_to IS NULL AND v_closed THEN
${guarded.map((table) => `    DROP TRIGGER moved ON ${s}.${table};`).join("\n")}
  END IF;
  RETURN true;
END $$;
`;
