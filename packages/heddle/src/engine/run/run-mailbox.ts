import { encodeError, hasCode, HeddleError, type Json, type NewRun, type Outcome, type StoredMessage } from "@heddle/kernel";
import { isEnding, openOperations } from "@heddle/kernel/internal";
import { readEvent } from "../event-text.ts";
import type { FrameOperations } from "../frame/frame-operations.ts";
import type { Operation } from "../frame/operation.ts";
import { takeUpdate } from "../frame/updates.ts";
import { answerSignal, mailText, readMail, type Mail } from "../mail.ts";
import type { OwnedRun } from "../owned-run.ts";
import { fits } from "./fitting-write.ts";
import { mergeEach } from "./merge-writes.ts";

/** After the store did not answer it is asked again so much later. */
const againMs = 1_000;

/** What comes to a run from outside: read from the store in order, each message once, and told to whoever waits for it. */
export class RunMailbox {
  readonly #run: OwnedRun;
  /** There may be mail that was not read yet. */
  wanted = false;
  #reading = false;
  #takenSeq = 0;
  #atHand: readonly StoredMessage[] | null = null;
  #cancelTaken = 0;

  constructor(run: OwnedRun) {
    this.#run = run;
  }

  /** There is mail that was not taken, or there may be. */
  get isWaiting(): boolean {
    return this.wanted || this.#atHand !== null;
  }

  get isUnderWay(): boolean {
    return this.isWaiting || this.#reading;
  }

  /** What had come before the run was taken up. A request to cancel counts at once: nothing begins any more. The rest is taken when the code has caught up. */
  begin(mail: readonly StoredMessage[]): void {
    this.#atHand = mail.length === 0 ? null : mail;
    if (isEnding(this.#run.state)) return;
    const message = mail.find(({ body }) => readMail(body).type === "cancel");
    if (message === undefined) return;
    this.#cancelTaken = message.mailSeq;
    this.#take(message.id, readMail(message.body));
  }

  read(): void {
    if (this.#reading) return;
    const atHand = this.#atHand;
    if (atHand !== null) {
      this.#atHand = null;
      this.#takeAll(atHand);
      return;
    }
    this.#reading = true;
    this.wanted = false;
    this.#run.host.readMail(this.#run.runId).then(
      (mail) => {
        this.#reading = false;
        if (this.#run.gone) return;
        if (this.#run.releasing || this.#run.starts.waitForHistory) {
          this.wanted = true;
          return;
        }
        this.#takeAll(mail);
      },
      (error: unknown) => {
        if (!hasCode(error, "STORE_UNAVAILABLE")) {
          this.#run.lose(error);
          return;
        }
        // Nothing was taken: it is read when the store answers again.
        const { clock, limits } = this.#run.host;
        limits.add(clock.monotonicMs() + againMs, () => {
          this.#reading = false;
          this.#run.mailArrived();
        });
      },
    );
  }

  #takeAll(mail: readonly StoredMessage[]): void {
    for (const message of mail) {
      if (message.mailSeq <= this.#takenSeq) continue;
      this.#takenSeq = message.mailSeq;
      if (message.mailSeq !== this.#cancelTaken) this.#take(message.id, readMail(message.body));
      this.#run.noteMailSeen(message.mailSeq);
      // Paused: nobody is there to be told of what came after.
      if (readMail(message.body).type === "diverged") break;
    }
    this.#run.touch();
  }

  #take(id: string, mail: Mail): void {
    const atMs = this.#run.stampMs();
    switch (mail.type) {
      case "signal": {
        const held = mail.name.startsWith("?") ? this.#run.facts.held.find(({ id }) => answerSignal(id) === mail.name) : undefined;
        if (held !== undefined) {
          if (mail.writes !== undefined) this.#write(mail.writes, atMs);
          this.#run.release(held.id, id, mail.value);
          break;
        }
        const receiver = this.#receiverOf(mail.name);
        if (receiver === null)
          this.#run.record({
            type: "signal-received",
            atMs,
            id,
            name: mail.name,
            ...(mail.value === undefined ? null : { value: mail.value }),
          });
        else
          receiver.operations.conclude(
            receiver.operation,
            { status: "completed", ...(mail.value === undefined ? null : { value: mail.value }) },
            id,
          );
        break;
      }
      case "write":
        this.#write(mail.writes, atMs);
        break;
      case "cancel":
        this.#run.record({ type: "cancel-requested", atMs, ...(mail.reason === undefined ? null : { reason: mail.reason }) });
        break;
      case "pause":
        this.#run.holdToPause(mail.reason);
        break;
      case "diverged":
        this.#run.diverged(mail.difference);
        break;
      case "resume":
        break;
      case "child-ended":
        this.#childEnded(mail);
        break;
      case "update": {
        const frame = this.#run.frames.all().find(({ updates }) => updates?.has(mail.name) === true) ?? this.#run.frames.all()[0];
        if (frame !== undefined) takeUpdate(frame, id, mail.name, mail.input);
        break;
      }
      default:
        mail satisfies never;
    }
  }

  /** The id that a child was to have is another run's: its call would wait for ever. Told by mail, for the run may be parked by now. */
  childTaken(child: NewRun): void {
    const { runId } = child.row;
    const started = readEvent(child.events[0] as string);
    if (started.type !== "run-started" || started.parent === undefined) return;
    const { of, key } = started.parent;
    const error = new HeddleError(
      "RUN_EXISTS",
      `Child "${key}" of run ${this.#run.runId} was not started: there is a run ${runId} already, which is not this call's child. Give the call an id of its own, or none.`,
      { data: { runId, key } },
    );
    const outcome: Outcome = { status: "failed", error: encodeError(error) };
    const body = mailText({ type: "child-ended", child: runId, of, key, outcome });
    this.#run.host.send({ runId: this.#run.runId, id: `taken:${this.#run.seq}:${key}`, atMs: this.#run.stampMs(), body });
  }

  /** What cannot be taken by now is not recorded: another value or another plan may be there than the sender saw, or the channel's reducer throws. */
  #write(wanted: (Mail & { type: "write" })["writes"], atMs: number): void {
    const run = this.#run;
    if (isEnding(run.state)) return;
    const writes: { readonly channel: string; readonly value: Json }[] = [];
    const merged: Record<string, Json> = {};
    for (const write of wanted) {
      if (!fits(run.definition.plan, run.state, write.channel, write.value)) continue;
      try {
        Object.assign(
          merged,
          mergeEach(run.definition, run.state, [write], (value, what, key) => run.keep(value, what, key)),
        );
        writes.push(write);
      } catch {
        // The user's own reducer refuses it.
      }
    }
    if (writes.length > 0)
      run.record({
        type: "channels-written",
        atMs,
        writes,
        ...(Object.keys(merged).length === 0 ? null : { merged }),
        ...run.begunWithState(),
      });
  }

  #childEnded({ child, of, key, outcome }: Mail & { type: "child-ended" }): void {
    const frame = this.#run.frames.get(of);
    if (frame !== undefined) {
      frame.childEnded(child, outcome);
      return;
    }
    // Its function waits to be tried again: the next attempt is given this end from the journal.
    const open = openOperations(this.#run.state, of).find((each) => each.key === key && each.op === "call" && each.child?.runId === child);
    if (open === undefined) return;
    const { inputHash } = open;
    this.#run.record({
      type: "op-ended",
      atMs: this.#run.stampMs(),
      of,
      key,
      op: "call",
      ...(inputHash === undefined ? null : { inputHash }),
      outcome,
    });
  }

  giveUnheard(): void {
    for (const { name } of this.#run.signals.all()) {
      const receiver = this.#receiverOf(name);
      const signal = receiver === null ? null : this.#run.signals.take(name);
      if (receiver === null || signal === null) continue;
      const { id, value } = signal;
      receiver.operations.conclude(receiver.operation, { status: "completed", ...(value === undefined ? null : { value }) }, id);
    }
  }

  /** The wait for this signal that was opened first. */
  #receiverOf(name: string): { readonly operations: FrameOperations; readonly operation: Operation } | null {
    let first: { operations: FrameOperations; operation: Operation } | null = null;
    for (const { operations } of this.#run.frames.all()) {
      if (operations === null) continue;
      for (const operation of operations.receivers()) {
        if (operation.signal === name && (first === null || operation.openedSeq < first.operation.openedSeq))
          first = { operations, operation };
      }
    }
    return first;
  }
}
