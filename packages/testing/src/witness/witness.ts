import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { HeldEffects } from "./held-effects.ts";
import type { Answer, Effect, Order, Said, WitnessedAppend, WitnessedClaim, WitnessedEffect, WitnessedRefusal } from "./said.ts";

/**
 * The world that the steps of other processes act on: a server on the loopback interface that is told of each effect as it happens, of each claim, and
 * of what stores acknowledged and refused. What it was told outlives those who told it. Processes tell it by a `WitnessReport`.
 */
export class Witness implements AsyncDisposable {
  readonly effects: WitnessedEffect[] = [];
  readonly claims: WitnessedClaim[] = [];
  readonly appends: WitnessedAppend[] = [];
  readonly refusals: WitnessedRefusal[] = [];
  /** Effects whose steps were told to stop. */
  readonly aborted: Effect[] = [];
  /** How many commits stores have acknowledged. */
  commits = 0;
  /** What a step is told whose effect nobody holds. */
  order: (effect: WitnessedEffect) => Order = () => ({});
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #held: HeldEffects[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => this.#listen(socket));
  }

  /** @param path of a Unix socket to listen on, which does not exist yet; absent: a free port of the loopback interface */
  static async start(path?: string): Promise<Witness> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path }, resolve);
    });
    return new Witness(server);
  }

  /** Port or path, for `WitnessReport.connect`. */
  get place(): number | string {
    const address = this.#server.address() as AddressInfo | string;
    return typeof address === "string" ? address : address.port;
  }

  /** From now on effects like these wait for the test: their steps do not go on before it lets them. */
  hold(wanted: (effect: WitnessedEffect) => boolean): HeldEffects {
    const held = new HeldEffects(wanted);
    this.#held.push(held);
    return held;
  }

  /** Of one run, in the order in which they happened. */
  effectsOf(run: string, key?: string): WitnessedEffect[] {
    return this.effects.filter((effect) => effect.run === run && (key === undefined || effect.key === key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #listen(socket: Socket): void {
    this.#sockets.add(socket);
    // A process that was killed says nothing more.
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
    createInterface({ input: socket })
      .on("line", (line) => this.#hear(JSON.parse(line) as Said, socket))
      .on("error", () => {});
  }

  #hear(said: Said, socket: Socket): void {
    switch (said.type) {
      case "effect": {
        const { type: _, call, ...told } = said;
        this.#happened({ ...told, receipt: this.effects.length + 1 }, call, socket);
        break;
      }
      case "claim":
        this.claims.push(said);
        break;
      case "append":
        this.appends.push(said);
        break;
      case "refusal":
        this.refusals.push(said);
        break;
      case "commit":
        this.commits++;
        break;
      case "aborted":
        this.aborted.push(said);
        break;
      default:
        said satisfies never;
    }
  }

  #happened(effect: WitnessedEffect, call: number, socket: Socket): void {
    this.effects.push(effect);
    const answer = (order: Order): void => {
      if (socket.writable) socket.write(`${JSON.stringify({ call, receipt: effect.receipt, ...order } satisfies Answer)}\n`);
    };
    const held = this.#held.find((each) => each.wants(effect));
    if (held === undefined) answer(this.order(effect));
    else held.add(effect, answer);
  }
}
