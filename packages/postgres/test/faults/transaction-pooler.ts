import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Reads whole messages of PostgreSQL's protocol out of what comes in pieces. */
class Messages {
  #rest: Buffer = Buffer.alloc(0);

  take(piece: Buffer, first: boolean): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, piece]);
    const whole: Buffer[] = [];
    for (;;) {
      // The first message of a client has no letter.
      const head = first && whole.length === 0 ? 0 : 1;
      if (this.#rest.length < head + 4) return whole;
      const length = head + this.#rest.readUInt32BE(head);
      if (this.#rest.length < length) return whole;
      whole.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
      if (head === 0) return whole;
    }
  }
}

interface Backend {
  readonly socket: Socket;
  readonly messages: Messages;
  client: Client | null;
  /** Its client went away: so many answers from now it has forgotten the transaction. */
  cleaning: number;
}

interface Client {
  readonly socket: Socket;
  readonly messages: Messages;
  begun: boolean;
  backend: Backend | null;
  readonly waiting: Buffer[];
  /** Questions that were not answered. */
  asked: number;
}

export interface TransactionPoolerOptions {
  readonly user: string;
  readonly database: string;
  /** Processes of the server that are shared. */
  readonly size: number;
  /** `sessions`: a client keeps its process for as long as it is there. Default: `transactions`. */
  readonly lends?: "transactions" | "sessions";
}

const readyForQuery = "Z".charCodeAt(0);
const backendKey = "K".charCodeAt(0);
const query = "Q".charCodeAt(0);
const sync = "S".charCodeAt(0);
const terminate = "X".charCodeAt(0);
/** A plain query. */
const rollback = Buffer.from("Q\0\0\0\x0dROLLBACK\0", "latin1");
const idle = "I".charCodeAt(0);

/**
 * What poolers in transaction mode do: a client has one of the server's processes for as long as a transaction lasts, and the next one gets the process that
 * has rested longest. What a process says of itself while nobody has it, such as a notification, is dropped.
 */
export class TransactionPooler implements AsyncDisposable {
  readonly #listening: Server;
  readonly #free: Backend[] = [];
  readonly #backends: Backend[] = [];
  readonly #queue: Client[] = [];
  readonly #clients = new Set<Client>();
  readonly #greeting: Buffer[];
  readonly #lends: "transactions" | "sessions";

  private constructor(listening: Server, greeting: Buffer[], lends: "transactions" | "sessions") {
    this.#listening = listening;
    this.#greeting = greeting;
    this.#lends = lends;
    listening.on("connection", (socket) => this.#join(socket));
    listening.unref();
  }

  static async start(port: number, { user, database, size, lends = "transactions" }: TransactionPoolerOptions): Promise<TransactionPooler> {
    const text = `user\0${user}\0database\0${database}\0\0`;
    const startup = Buffer.alloc(8 + Buffer.byteLength(text));
    startup.writeUInt32BE(startup.length, 0);
    startup.writeUInt32BE(196_608, 4);
    startup.write(text, 8);
    let pooler: TransactionPooler | null = null;
    const backends: Backend[] = [];
    let greeting: Buffer[] = [];
    for (let at = 0; at < size; at++) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      const backend: Backend = { socket, messages: new Messages(), client: null, cleaning: 0 };
      const said: Buffer[] = [];
      const ready = Promise.withResolvers<void>();
      socket.on("data", (piece: Buffer) => {
        for (const message of backend.messages.take(piece, false)) {
          if (pooler !== null) pooler.#say(backend, message);
          else said.push(message);
          if (message[0] === readyForQuery) ready.resolve();
        }
      });
      await once(socket, "connect");
      socket.setNoDelay(true);
      socket.write(startup);
      await ready.promise;
      socket.unref();
      greeting = said;
      backends.push(backend);
    }
    const listening = createServer();
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    // The number and the key of a process are told to nobody: it is not the client's.
    for (const message of greeting) if (message[0] === backendKey) message.writeUInt32BE(4_242_424, 5);
    pooler = new TransactionPooler(listening, greeting, lends);
    pooler.#backends.push(...backends);
    pooler.#free.push(...backends);
    return pooler;
  }

  by(address: string): string {
    const url = new URL(address);
    url.port = String((this.#listening.address() as { port: number }).port);
    // Poolers take no such parameter.
    url.searchParams.delete("options");
    return url.href;
  }

  #join(socket: Socket): void {
    socket.setNoDelay(true).unref();
    const client: Client = { socket, messages: new Messages(), begun: false, backend: null, waiting: [], asked: 0 };
    this.#clients.add(client);
    socket.on("error", () => {});
    socket.on("close", () => this.#leave(client));
    socket.on("data", (piece: Buffer) => {
      for (const message of client.messages.take(piece, !client.begun)) {
        if (!client.begun) {
          client.begun = true;
          for (const said of this.#greeting) socket.write(said);
          continue;
        }
        if (message[0] === terminate) {
          socket.end();
          continue;
        }
        if (message[0] === query || message[0] === sync) client.asked++;
        if (client.backend !== null) client.backend.socket.write(message);
        else {
          if (client.waiting.length === 0) this.#queue.push(client);
          client.waiting.push(message);
        }
      }
      this.#give();
    });
  }

  #give(): void {
    while (this.#queue.length > 0 && this.#free.length > 0) {
      const client = this.#queue.shift()!;
      const backend = this.#free.shift()!;
      client.backend = backend;
      backend.client = client;
      backend.socket.write(Buffer.concat(client.waiting.splice(0)));
    }
  }

  #say(backend: Backend, message: Buffer): void {
    const { client } = backend;
    if (client === null) {
      if (message[0] === readyForQuery && --backend.cleaning === 0) this.#rest(backend);
      return;
    }
    client.socket.write(message);
    if (message[0] === readyForQuery) client.asked--;
    if (this.#lends === "transactions" && message[0] === readyForQuery && message[5] === idle) this.#rest(backend);
  }

  #rest(backend: Backend): void {
    if (backend.client !== null) backend.client.backend = null;
    backend.client = null;
    this.#free.push(backend);
    this.#give();
  }

  /** A process whose client went away in the middle of a transaction is put in order first. */
  #leave(client: Client): void {
    this.#clients.delete(client);
    const at = this.#queue.indexOf(client);
    if (at >= 0) this.#queue.splice(at, 1);
    const { backend } = client;
    if (backend === null) return;
    client.backend = null;
    backend.client = null;
    // What it was asked last is answered first.
    backend.cleaning = client.asked + 1;
    backend.socket.write(rollback);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy();
    for (const { socket } of this.#backends) socket.destroy();
    await new Promise((resolve) => this.#listening.close(resolve));
  }
}
