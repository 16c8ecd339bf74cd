// Stores.
export { type MemoryStoreOptions, openMemoryStore } from "./stores/memory/memory-store.ts";
export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "./stores/sqlite/sqlite-store.ts";
export type { StoreCounters } from "./stores/sqlite/counters.ts";
