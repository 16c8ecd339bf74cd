import type { RunId } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { running } from "../run-row.ts";
import { type Kind, type KindName, kinds, type Kinds } from "../sql/kinds.ts";
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
  #kinds: Map<string, Kind> | null = null;
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
    return [...this.#knownKinds().values()];
  }

  /** The kind's number; a new kind is noted. */
  kindOf(name: KindName): number {
    const known = this.#knownKinds().get(kindText(name));
    if (known !== undefined) return known.kind;
    const kind = this.#kindTable.insert(name);
    this.#kinds?.set(kindText(kind), kind);
    return kind.kind;
  }

  /** The number of the kind that differs from this one only by its version. */
  otherVersion(kind: number, version: string | null): number {
    return this.kindOf({ ...this.allKinds().find((known) => known.kind === kind)!, version });
  }

  #knownKinds(): Map<string, Kind> {
    return (this.#kinds ??= new Map(this.#kindTable.all().map((kind) => [kindText(kind), kind])));
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

function kindText({ workflow, version, queue, placement }: KindName): string {
  return JSON.stringify([workflow, version, queue, placement]);
}
