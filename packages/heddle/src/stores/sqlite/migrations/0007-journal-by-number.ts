/**
 * Events stand under one number made of their run's and their own: a row of up to 4,061 bytes is kept whole in a page then, where in a table without
 * row ids one of more than 1,002 took a page of 4,096 for itself. `run` and `seq` are read out of the number and take no room. Snapshots of
 * runs that have ended go, as an end takes them away from now on.
 *
 * Copies the journal in one transaction: the file needs room for twice its journal, and the log beside it for once.
 */
export const journalByNumber = `
ALTER TABLE heddle_journal RENAME TO heddle_journal_before;
CREATE TABLE heddle_journal (
  event INTEGER PRIMARY KEY,           -- run << 32 | seq
  at INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  body TEXT NOT NULL,
  run INTEGER GENERATED ALWAYS AS (event >> 32) VIRTUAL,
  seq INTEGER GENERATED ALWAYS AS (event & 4294967295) VIRTUAL
);
INSERT INTO heddle_journal (event, at, crc, body) SELECT run << 32 | seq, at, crc, body FROM heddle_journal_before ORDER BY run, seq;
DROP TABLE heddle_journal_before;
DELETE FROM heddle_snapshot WHERE run IN (SELECT run FROM heddle_run WHERE ended_at IS NOT NULL AND base = 0);
`;
