import { connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  losing: boolean;
}

/** A road to a server that can be cut, jammed, and made to lose answers. */
export class TcpProxy implements AsyncDisposable {
  readonly #listening: Server;
  readonly #pairs = new Set<Pair>();
  #port: number;
  #closed = false;
  #loses: ((sent: Buffer) => boolean) | null = null;
  #lost = 0;

  private constructor(listening: Server, port: number) {
    this.#listening = listening;
    this.#port = port;
    listening.on("connection", (client) => this.#join(client));
    // By itself it keeps no process alive.
    listening.unref();
  }

  /** @param port of the server */
  static async start(port: number): Promise<TcpProxy> {
    const listening = createServer();
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    return new TcpProxy(listening, port);
  }

  /** An address of the server, by way of this road. */
  by(address: string): string {
    const url = new URL(address);
    url.port = String((this.#listening.address() as { port: number }).port);
    return url.href;
  }

  /** Answers that were lost. */
  get lost(): number {
    return this.#lost;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** From now on the road leads to another server; what is open stays. */
  leadTo(port: number): void {
    this.#port = port;
  }

  /** Cut all connections. New ones come through. */
  cut(): void {
    for (const pair of this.#pairs) this.#end(pair);
  }

  /** Cut all connections, and let no new ones through until `open`. */
  close(): void {
    this.#closed = true;
    this.cut();
  }

  open(): void {
    this.#closed = false;
  }

  /** Nothing goes through the connections that are open now, in either direction, and neither end is told. New ones come through. */
  jam(): void {
    for (const { client, server } of this.#pairs) {
      client.removeAllListeners("data").resume();
      server.removeAllListeners("data").resume();
    }
  }

  /** The answer to what fits is lost, and the connection with it: the server has done it, and the client does not learn of it. Once. */
  loseAnswerTo(fits: (sent: Buffer) => boolean): void {
    this.#loses = fits;
  }

  #join(client: Socket): void {
    client.on("error", () => {});
    if (this.#closed) {
      client.destroy();
      return;
    }
    const server = connect(this.#port, "127.0.0.1");
    const pair: Pair = { client, server, losing: false };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true).unref();
      socket.on("error", () => {});
      socket.on("close", () => this.#end(pair));
    }
    client.on("data", (sent: Buffer) => {
      if (this.#loses?.(sent) === true) {
        this.#loses = null;
        pair.losing = true;
      }
      server.write(sent);
    });
    server.on("data", (answer: Buffer) => {
      if (!pair.losing) {
        client.write(answer);
        return;
      }
      this.#lost++;
      this.#end(pair);
    });
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await new Promise((resolve) => this.#listening.close(resolve));
  }
}
