export {};
// Stores.
export { type MemoryStoreOptions, openMemoryStore } from "./stores/memory/memory-store.ts";
