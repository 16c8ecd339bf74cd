/**
 * Where an activation lives: the path of frames it is in, outermost first; empty for the root frame.
 * `group`: the group's activation number. `spawn`: the spawning activation's number. `item`: index in its spawn.
 * `corr`, `tenant`, `key`: what the artifacts of a data trigger share.
 */
export type Scope = readonly Frame[];
export type Frame = readonly [kind: "group" | "spawn" | "item" | "corr" | "tenant" | "key", value: string | number];
