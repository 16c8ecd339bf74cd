/** How long a node's heartbeat holds: tells one that was given by a clock that has been set back since. */
export const lease = `
ALTER TABLE heddle_node ADD COLUMN lease INTEGER
`;
