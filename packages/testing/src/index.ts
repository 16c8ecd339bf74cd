// Port suites: the laws that every adapter keeps.
export { runStoreSuite, type RunStoreSuiteOptions, type StoreDamage } from "./suites/run-store-suite.ts";
