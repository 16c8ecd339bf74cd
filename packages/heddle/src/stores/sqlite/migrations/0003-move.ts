/** Where the runs of this store went: one row, or none. Who writes looks here after somebody else has written. */
export const move = `
CREATE TABLE heddle_move (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  target TEXT NOT NULL,
  done INTEGER NOT NULL                 -- 1: the runs go on there
)
`;
