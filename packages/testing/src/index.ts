// Time and chance under a test's control.
export { FakeClock, settle } from "./clock/fake-clock.ts";
export { SeededRandom } from "./clock/seeded-random.ts";
// Simulate: engines that die, a store that loses answers.
export { Simulator, type SimulatedNode, type SimulatorOptions } from "./simulator/simulator.ts";
export { ProcessDied, SimulatedProcess, type KillPoint, type StoreFaults } from "./simulator/simulated-process.ts";
export { crashIndex, type CrashIndexOptions, type Workload } from "./simulator/crash-index.ts";
export { journalFaults } from "./checks/check-journal.ts";
// Real processes: what they do, seen from outside.
export { Cluster, type ClusterOptions, type NodeOptions } from "./cluster/cluster.ts";
export type { ClusterNode } from "./cluster/cluster-node.ts";
export { serveNode, type NodeProgram } from "./cluster/serve-node.ts";
export { eventually } from "./clock/eventually.ts";
export { Witness } from "./witness/witness.ts";
export type { Effect, Order, WitnessedEffect } from "./witness/said.ts";
export { WitnessReport } from "./witness/witness-report.ts";
export type { HeldEffects } from "./witness/held-effects.ts";
export { witnessFaults } from "./checks/check-witness.ts";
// Random work.
export { programWorkflow, randomProgram, type Program, type ProgramEffect, type ProgramLimits } from "./programs/random-program.ts";
// Rows for tests of stores.
export { newRunRow } from "./samples/new-run-row.ts";
// Port suites: the laws that every adapter keeps.
export { runStoreSuite, type RunStoreSuiteOptions, type SqlDialect, type StoreDamage } from "./suites/run-store-suite.ts";
// Real servers for tests.
export { PostgresServer, storeAddress, type PostgresServerOptions } from "./servers/postgres-server.ts";
export { postgresInstallations, type PostgresInstallation } from "./servers/postgres-installations.ts";
