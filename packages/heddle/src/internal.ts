// Stores.
export { type MemoryStoreOptions, openMemoryStore } from "./stores/memory/memory-store.ts";
export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "./stores/sqlite/sqlite-store.ts";
export type { StoreCounters } from "./stores/sqlite/counters.ts";
// Nodes that are no engines: adapters that own runs of their own kind.
export { openStore } from "./engine/open.ts";
export { realClock } from "./engine/real-clock.ts";
export { processName } from "./engine/process-name.ts";
export { freeTheDead } from "./engine/copy/at-rest.ts";
