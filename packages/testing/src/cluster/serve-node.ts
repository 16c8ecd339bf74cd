import type { RunStore } from "@heddle/kernel";
import { open, type Engine, type EngineOptions, type Workflow } from "heddle";
import { WitnessReport } from "../witness/witness-report.ts";

/** What a cluster's process is made from. */
export interface NodeProgram {
  openStore(address: string): Promise<RunStore>;
  /** Its workflows; their steps tell the witness. */
  workflows(report: WitnessReport): readonly Workflow<never, unknown>[];
}

/** What the cluster tells a process that it starts. */
export interface NodeSetting {
  readonly address: string;
  /** Its `place`. */
  readonly witness: number | string;
  /** By which the witness knows it. */
  readonly name: string;
  /** Names of the workflows that it has code for; absent: all. */
  readonly knows?: readonly string[];
  readonly options: EngineOptions;
}

export interface NodeCall {
  readonly call: number;
  readonly method: NodeMethod;
  readonly parameters: readonly unknown[];
}

/** Of its engine; the last three of its store. */
export type NodeMethod = "start" | "result" | "signal" | "signalWithStart" | "cancel" | "summary" | "commit" | "claim" | "heartbeat";

/** Be a node of a `Cluster`: called by the program that the cluster starts its processes with. Asked to end by SIGTERM, it closes its engine. */
export async function serveNode(program: NodeProgram): Promise<void> {
  const { address, witness, name, knows, options } = JSON.parse(process.argv[2] ?? "") as NodeSetting;
  const report = await WitnessReport.connect(witness, name);
  const store = report.wrap(await program.openStore(address));
  const workflows = program.workflows(report).filter((each) => knows?.includes(each.name) !== false);
  const engine = await open(store, { ...options, workflows });
  const close = async (): Promise<void> => {
    await engine.close();
    report[Symbol.dispose]();
    process.exit(0);
  };
  process.once("SIGTERM", () => void close());
  // Whoever started it is gone.
  process.once("disconnect", () => process.exit(1));
  process.on("message", ({ call, method, parameters }: NodeCall) => {
    answer(engine, store, workflows, method, parameters).then(
      (value) => process.send?.({ call, value }),
      (error: Error & { code?: string }) => process.send?.({ call, error: { message: error.message, code: error.code } }),
    );
  });
  process.send?.({ ready: true });
}

async function answer(
  engine: Engine,
  store: RunStore,
  workflows: readonly Workflow<never, unknown>[],
  method: NodeMethod,
  parameters: readonly unknown[],
): Promise<unknown> {
  // They come from `ClusterNode.call`, as the method takes them.
  const [first, second, third, fourth] = parameters as readonly [never, never, never, never];
  switch (method) {
    case "start":
      return (await engine.start(first, second, third)).id;
    case "signalWithStart": {
      const workflow = workflows.find(({ name }) => name === first);
      if (workflow === undefined) throw new Error(`no workflow ${String(first)}`);
      return (await engine.signalWithStart(workflow as Workflow, second, third, fourth)).id;
    }
    case "result":
      return (await engine.get(first)).result();
    case "signal":
      return engine.signal(first, second, third, fourth);
    case "cancel":
      return engine.cancel(first, second);
    case "summary":
      return (await engine.get(first)).summary();
    case "commit":
      return store.commit(first);
    case "claim":
      return store.claim(first);
    case "heartbeat":
      return store.heartbeat(first, second, third);
    default:
      return method satisfies never;
  }
}
