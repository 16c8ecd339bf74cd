import { hasCode } from "@heddle/kernel";
import type { LiveEvent } from "./engine.ts";
import { isJournalEvent } from "./live-piece.ts";
import type { NodeHost } from "./node-host.ts";

/** Hints may fail to come: so often the store is asked about a run that is not under way here. */
const pollMs = 5_000;
/** A store that did not answer is asked again so much later. */
const againMs = 1_000;
/** Events that wait for a reader who does not come. Of what follows the journal is read again once these are taken; live pieces are left out. */
const mostReady = 1_000;
/** Events read from the journal at once. */
const pageRows = 500;

/**
 * History, then what comes, of one run: each journal event once, in order, until its end.
 *
 * The journal is the source; what the hub brings in this process saves reading it. An event from the hub that is not the next one means that
 * something was missed (a gap): the journal is read again from the last one given. A reader who is slow, or never comes, so holds up nobody and costs
 * a bounded number of events.
 */
export class EventStream implements AsyncIterableIterator<LiveEvent> {
  readonly #host: NodeHost;
  readonly #runId: string;
  readonly #live: boolean;
  readonly #only: string | undefined;
  readonly #ready: LiveEvent[] = [];
  #head = 0;
  /** What the run said of itself while its journal was read. */
  readonly #early: LiveEvent[] = [];
  #given: number;
  #listening: Disposable | null = null;
  #polling: Disposable | null = null;
  #wake: (() => void) | null = null;
  #behind = true;
  #over = false;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = (): void => this.#close();

  /** @param only hand over events of this type alone */
  constructor(host: NodeHost, runId: string, from: number, live: boolean, signal: AbortSignal | undefined, only?: string) {
    this.#host = host;
    this.#runId = runId;
    this.#given = from;
    this.#live = live;
    this.#only = only;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#stop, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<LiveEvent>> {
    for (;;) {
      if (this.#head < this.#ready.length) {
        const event = this.#ready[this.#head++] as LiveEvent;
        if (this.#head === this.#ready.length) {
          this.#ready.length = 0;
          this.#head = 0;
        }
        return { done: false, value: event };
      }
      if (this.#over || this.#signal?.aborted === true) {
        this.#close();
        return { done: true, value: undefined };
      }
      if (this.#live) this.listen();
      if (this.#behind) await this.#catchUp();
      else await this.#sleep();
    }
  }

  return(): Promise<IteratorResult<LiveEvent>> {
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /**
   * From the first read on: who never reads is not told, and the run does nothing for it. Called before, also before there is such a run, nothing is missed
   * that the run says of itself meanwhile.
   */
  listen(): void {
    this.#listening ??= this.#host.hub.listen(this.#runId, { event: (event) => this.#heard(event), hint: () => this.#hinted() });
  }

  #heard(event: LiveEvent): void {
    // What comes before the end is in the journal: a reader who stopped reading is not kept for longer than its run.
    if (event.type === "run-ended") this.#listening?.[Symbol.dispose]();
    if (!isJournalEvent(event)) {
      if (this.#only !== undefined || this.#full) return;
      if (!this.#behind) this.#give(event);
      else if (this.#early.length < mostReady && event.type !== "started" && event.type !== "ready") this.#early.push(event);
      return;
    }
    if (this.#behind || event.seq <= this.#given) return;
    if (event.seq !== this.#given + 1 || this.#full) this.#behind = true;
    else this.#take(event);
    this.#wake?.();
  }

  get #full(): boolean {
    return this.#ready.length - this.#head >= mostReady;
  }

  #hinted(): void {
    if (this.#host.runs.owns(this.#runId)) return;
    this.#behind = true;
    this.#wake?.();
  }

  #take(event: LiveEvent): void {
    this.#given = event.seq;
    this.#give(event);
    if (event.type === "run-ended") this.#over = true;
  }

  #give(event: LiveEvent): void {
    if (this.#only === undefined || this.#only === event.type) this.#ready.push(event);
    this.#wake?.();
  }

  async #catchUp(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      if (!this.#live || !hasCode(error, "STORE_UNAVAILABLE")) throw error;
      await this.#pause();
    }
  }

  /** The store does not answer now: it is asked again. */
  async #pause(): Promise<void> {
    const timer = Promise.withResolvers<void>();
    this.#wake = timer.resolve;
    const again = this.#host.clock.after(againMs, timer.resolve);
    await timer.promise;
    again[Symbol.dispose]();
    this.#wake = null;
  }

  /** Catch up with the journal. While it is read the hub's events are passed over: they are in what is read, or the next read brings them. */
  async #read(): Promise<void> {
    const page = await this.#host.reader.page(this.#runId, this.#given, pageRows);
    for (const { seq, event } of page) this.#take({ seq, ...event });
    if (page.length > 0) return;
    if (this.#over) return;
    this.#behind = false;
    if (!this.#live) {
      this.#over = true;
      return;
    }
    // Between the read and this line nothing can have been missed unheard: what is committed later is published later.
    const again = await this.#host.reader.page(this.#runId, this.#given, pageRows);
    for (const { seq, event } of again) if (seq > this.#given) this.#take({ seq, ...event });
    if (again.length > 0 || this.#over) return;
    for (const event of this.#early.splice(0)) this.#give(event);
    for (const event of this.#host.runs.underWay(this.#runId)) this.#give(event);
    const { store, runs } = this.#host;
    if ((await (runs.owns(this.#runId) ? store.get(this.#runId) : store.expectEnd(this.#runId))) === null) this.#over = true;
  }

  async #sleep(): Promise<void> {
    if (this.#host.state.closed) {
      this.#over = true;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#host.runs.owns(this.#runId)) {
        this.#drop();
        return;
      }
      this.#polling ??= this.#host.clock.after(pollMs, () => {
        this.#polling = null;
        this.#behind = true;
        this.#wake?.();
      });
    });
    this.#wake = null;
  }

  #drop(): void {
    this.#polling?.[Symbol.dispose]();
    this.#polling = null;
  }

  #close(): void {
    this.#over = true;
    this.#drop();
    this.#listening?.[Symbol.dispose]();
    this.#listening = null;
    this.#signal?.removeEventListener("abort", this.#stop);
    this.#wake?.();
  }
}
