import { migrations, type Migration } from "../../../src/stores/sqlite/schema.ts";

/** What a later version of Heddle would know: one migration more. */
export const withSecondSchema: readonly Migration[] = [
  ...migrations,
  ({ database }) => database.exec("CREATE TABLE heddle_second (a); INSERT INTO heddle_second VALUES (1)"),
];
