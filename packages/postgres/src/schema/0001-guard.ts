import { journalTables } from "./0001-tables.ts";

/** The store's tables against the statements of `ctx.transaction`. */
export const guard = (s: string): string => `
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
