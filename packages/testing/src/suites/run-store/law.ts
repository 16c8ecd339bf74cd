import type { TestContext } from "node:test";
import type { RunStore } from "@heddle/kernel";

/** Registers one law as a test. The body gets an empty store, which is closed after it. */
export type Law = (title: string, body: (store: RunStore, context: TestContext) => Promise<void>) => void;
