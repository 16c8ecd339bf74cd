import { encodeValue, HeddleError, type CreateVerdict, type NewRun, type RunRow } from "@heddle/kernel";
import type { Workflow } from "../../workflow/workflow.ts";
import type { Definition } from "../definition.ts";
import { demandOf, isPlain } from "../demand.ts";
import type { Ending } from "../ending.ts";
import type { RunHandle, StartOptions } from "../engine.ts";
import { mailText } from "../mail.ts";
import { checkInputSize, prepareRun, type PreparedRun } from "../new-run.ts";
import type { NodeHost } from "../node-host.ts";
import { OwnedRun } from "../owned-run.ts";
import { Handle } from "../run-handle.ts";
import { checkStart } from "../run-options.ts";
import { signalMail, type MailSender } from "./mail-sender.ts";

/** Starts runs: recorded in the store, and where this node has room, taken up by it in the same commit. */
export class RunStarts {
  readonly #host: NodeHost;
  readonly #sender: MailSender;
  readonly #newId = (): string => this.#host.random.id();

  constructor(host: NodeHost, sender: MailSender) {
    this.#host = host;
    this.#sender = sender;
  }

  async start<O>(workflow: Workflow<never, O> | string, input: unknown, options: StartOptions): Promise<RunHandle<O>> {
    const definition = this.#definitionOf(workflow);
    // Most starts wait for nothing before their commit, and have no promise of their own for it.
    const checked = definition.checkInput === null ? input : definition.checkInput(input);
    const prepared = this.#prepare(definition, checked instanceof Promise ? await checked : checked, options);
    if (!isPlain(prepared.run.row)) await this.#assertPossible(prepared.run.row, options);
    const host = this.#host;
    host.state.assertOpen();
    host.plans.keep(definition);
    // Decided in the turn in which the room is reserved: others may start as many at the same moment.
    const run = this.#mayTake(prepared) ? { ...prepared.run, claimFor: host.node } : prepared.run;
    const taken = run.claimFor !== undefined;
    if (taken) host.runs.reserve();
    try {
      const verdict = this.#createNow(run) ?? (await host.writer.create(run));
      if (verdict.status === "exists") checkSame(verdict.row, run);
      else if (verdict.claimed) return new Handle<O>(host, run.row.runId, definition.name, this.#begin(definition, run, prepared.started));
      else host.claims.claimSoon();
      return new Handle<O>(host, verdict.status === "exists" ? verdict.row.runId : run.row.runId, definition.name);
    } finally {
      if (taken) host.runs.unreserve();
    }
  }

  /** Everything that can be said against a start is said here: nothing is recorded yet. */
  async prepare(
    workflow: Workflow<never, unknown> | string,
    input: unknown,
    options: StartOptions,
  ): Promise<{ readonly definition: Definition; readonly prepared: PreparedRun }> {
    const definition = this.#definitionOf(workflow);
    const prepared = this.#prepare(definition, definition.checkInput === null ? input : await definition.checkInput(input), options);
    if (!isPlain(prepared.run.row)) await this.#assertPossible(prepared.run.row, options);
    this.#host.state.assertOpen();
    return { definition, prepared };
  }

  #definitionOf(workflow: Workflow<never, unknown> | string): Definition {
    const { state, registry } = this.#host;
    state.assertOpen();
    return typeof workflow === "string" ? registry.get(workflow) : registry.add(workflow);
  }

  /** In one commit with the signal, if the run is not there yet. */
  async signalWithStart<O>(
    workflow: Workflow<never, O>,
    input: unknown,
    signal: { readonly name: string; readonly value?: unknown; readonly id?: string },
    options: StartOptions & { readonly id: string },
  ): Promise<RunHandle<O>> {
    const { state, registry, random, plans, store, clock, writer, hints, maxValueBytes } = this.#host;
    state.assertOpen();
    const mail = signalMail(signal.name, signal.value, maxValueBytes);
    const id = signal.id ?? random.id();
    const definition = registry.add(workflow);
    const checked = definition.checkInput === null ? input : await definition.checkInput(input);
    const prepared = this.#prepare(definition, checked, options);
    const { run } = prepared;
    if (!isPlain(run.row)) await this.#assertPossible(run.row, options);
    plans.keep(definition);
    const there = await store.get(options.id);
    const message = { runId: options.id, id, atMs: clock.nowMs(), body: mailText(mail) };
    const verdict = there === null ? await writer.createWithMail(run, message) : ({ status: "exists", row: there } satisfies CreateVerdict);
    if (verdict.status === "created") {
      hints.stir([options.id]);
      return new Handle<O>(this.#host, options.id, definition.name);
    }
    const { row } = verdict;
    checkSame(row, run);
    // Somebody who made it just now may have brought this signal along: it counts once.
    await this.#sender.send(row.runId, mail, id);
    return new Handle<O>(this.#host, row.runId, definition.name);
  }

  #prepare(definition: Definition, checkedInput: unknown, options: StartOptions): PreparedRun {
    const host = this.#host;
    checkStart(options);
    const input = checkedInput === undefined ? undefined : encodeValue(checkedInput, { what: `the input of "${definition.name}"` });
    checkInputSize(definition.name, input, host.maxValueBytes);
    const demand = demandOf(options, definition.demand, `this run of "${definition.name}"`);
    return prepareRun(definition, checkedInput, input, options, { nowMs: host.clock.nowMs(), id: this.#newId, demand });
  }

  /** @throws HeddleError `PLACEMENT_IMPOSSIBLE` */
  async #assertPossible(row: NewRun["row"], { id }: StartOptions): Promise<void> {
    const error = await this.#host.nodes.impossible(row.workflow, row);
    // A run that is there was started when some node could take it: whoever starts it again is given it.
    if (error !== null && (id === undefined || (await this.#host.store.get(id)) === null)) throw error;
  }

  /** Whether this node takes it in the commit that creates it. */
  #mayTake({ run: { row }, due }: PreparedRun): boolean {
    const { options, runs, nodes } = this.#host;
    return due && !options.passive && runs.room > 0 && nodes.takesAtOnce(row);
  }

  /** It is created, and this node's. */
  #begin(definition: Definition, { row, events }: NewRun, started: PreparedRun["started"]): Ending {
    const host = this.#host;
    const owned = new OwnedRun(host, { runId: row.runId, definition, epoch: 1, crashes: 0, parentless: true, tenant: row.tenant });
    host.begun(owned);
    host.hub.publish(row.runId, 1, events);
    if (!host.state.closing) owned.begin(started);
    return owned.ending;
  }

  /** At once and on its own, in a store that keeps nothing; null: it goes with the others. */
  #createNow(run: NewRun): CreateVerdict | null {
    const { features, state, store } = this.#host;
    if (features.durability !== "none" || state.failure !== null) return null;
    const answer = store.commit({ creates: [run] });
    if (answer instanceof Promise) throw new HeddleError("STORE_UNAVAILABLE", "A store that keeps nothing must answer at once.");
    return answer.creates[0] ?? null;
  }
}

/** @throws HeddleError `RUN_EXISTS` */
export function checkSame(row: RunRow, run: NewRun): void {
  if (row.workflow === run.row.workflow && row.inputHash === run.row.inputHash) return;
  const how = row.workflow === run.row.workflow ? "another input" : `workflow "${row.workflow}"`;
  throw new HeddleError("RUN_EXISTS", `Run ${row.runId} exists with ${how}: start with another id, or the same input to get that run.`, {
    data: { runId: row.runId, workflow: row.workflow },
  });
}
