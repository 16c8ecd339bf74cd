import type { RunId } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { running } from "../run-row.ts";
import { type Kind, kinds, type Kinds } from "../sql/kinds.ts";
import { type LoadRunState, loadRunState, type RunState } from "../sql/load-run-state.ts";
import { nodes, type Nodes, type NodeState } from "../sql/nodes.ts";

/**
 * What the writer remembers of the file, so that a step reads nothing: the running runs (parked ones cost no memory), kinds and nodes.
 * It holds as long as nobody else writes and no transaction is undone; else everything is forgotten and read again.
 */
export class RunStates {
  readonly #load: LoadRunState;
  readonly #kindTable: Kinds;
  readonly #nodeTable: Nodes;
  readonly #running = new Map<RunId, RunState>();
  #kinds: Kind[] | null = null;
  #nodes = new Map<string, NodeState>();

  constructor(connection: Connection) {
    this.#load = loadRunState(connection);
    this.#kindTable = kinds(connection);
    this.#nodeTable = nodes(connection);
  }

  find(runId: RunId): RunState | null {
    const known = this.#running.get(runId);
    if (known !== undefined) return known;
    const state = this.#load.byId(runId);
    if (state !== null) this.keep(state);
    return state;
  }

  byNumber(run: number): RunState | null {
    return this.#load.byNumber(run);
  }

  /** Remember it if it runs. */
  keep(state: RunState): void {
    if (state.status === running) this.#running.set(state.runId, state);
  }

  forget(runId: RunId): void {
    this.#running.delete(runId);
  }

  forgetAll(): void {
    this.#running.clear();
    this.#kinds = null;
    this.#nodes.clear();
  }

  allKinds(): readonly Kind[] {
    return (this.#kinds ??= this.#kindTable.all());
  }

  /** The kind's number; a new kind is noted. */
  kindOf(workflow: string, version: string | null): number {
    const known = this.allKinds().find((kind) => kind.workflow === workflow && kind.version === version);
    if (known !== undefined) return known.kind;
    const kind = this.#kindTable.insert(workflow, version);
    this.#kinds?.push({ kind, workflow, version });
    return kind;
  }

  workflowOf(kind: number): string {
    return this.allKinds().find((known) => known.kind === kind)!.workflow;
  }

  /** The node; a new one is noted, without a heartbeat. */
  node(name: string): NodeState {
    let node = this.#nodes.get(name) ?? this.#nodeTable.find(name);
    if (node === null) node = { node: this.#nodeTable.insert(name), name, died_at: null };
    this.#nodes.set(name, node);
    return node;
  }

  forgetNodes(): void {
    this.#nodes.clear();
  }
}
