/** Which node does what one node does at a time, until when, and for how long it was taken. */
export const duty = `
CREATE TABLE heddle_duty (
  duty TEXT PRIMARY KEY,
  node INTEGER NOT NULL,
  until INTEGER NOT NULL,
  lease INTEGER NOT NULL
) WITHOUT ROWID
`;
