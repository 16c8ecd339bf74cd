// Time and chance under a test's control.
export { FakeClock, settle } from "./clock/fake-clock.ts";
export { SeededRandom } from "./clock/seeded-random.ts";
// Simulate: engines that die, a store that loses answers.
export { Simulator, type SimulatedNode, type SimulatorOptions } from "./simulator/simulator.ts";
export { ProcessDied, SimulatedProcess, type KillPoint, type StoreFaults } from "./simulator/simulated-process.ts";
export { crashIndex, type CrashIndexOptions, type Workload } from "./simulator/crash-index.ts";
export { journalFaults } from "./checks/check-journal.ts";
// Port suites: the laws that every adapter keeps.
export { runStoreSuite, type RunStoreSuiteOptions, type SqlDialect, type StoreDamage } from "./suites/run-store-suite.ts";
// Real servers for tests.
export { PostgresServer, storeAddress, type PostgresServerOptions } from "./servers/postgres-server.ts";
export { postgresInstallations, type PostgresInstallation } from "./servers/postgres-installations.ts";
