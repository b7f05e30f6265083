import { createServer, type Server, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../scripts/services/free-port.mjs';
import { atEndOfFile } from './cleanup.js';

/** A client's connection and the one we opened for it. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * A TCP proxy in front of Redis or MySQL that breaks the network on demand. It stands in for Toxiproxy: the seven faults
 * we need take a hundred lines, and there is no binary to install.
 */
export class TcpProxy {
  private listener: Server | undefined;
  private readonly pairs = new Set<Pair>();
  private latencyMs = 0;
  private isStalled = false;
  private isGarbling = false;

  private constructor(
    private target: URL,
    private readonly port: number,
  ) {}

  /** Listens on a free port and forwards to the server of `url`; closed at the end of the test file. */
  static async inFrontOf(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(url), await freePort());
    await proxy.accept();
    atEndOfFile(() => proxy.refuse());
    return proxy;
  }

  /** The target's address with the proxy's host and port. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.pairs.size;
  }

  /** New connections go to the server of `url`; those that are open stay where they are. */
  redirect(url: string): void {
    this.target = new URL(url);
  }

  /** Delays every packet by `ms`, in each direction; 0 = no longer. */
  addLatency(ms: number): void {
    this.latencyMs = ms;
  }

  /**
   * Connections stay open, and nothing passes in either direction: what a dead router looks like. What is already under
   * way may still pass.
   */
  stall(): void {
    this.isStalled = true;
    for (const { client, server } of this.pairs) {
      client.pause();
      server.pause();
    }
  }

  /** Lets everything through again that {@link stall} held back. */
  resume(): void {
    this.isStalled = false;
    for (const { client, server } of this.pairs) {
      client.resume();
      server.resume();
    }
  }

  /** The next thing that the server says arrives as what no Redis says. */
  garbleNext(): void {
    this.isGarbling = true;
  }

  /** Of the connections that are open, no answer passes any more; what is asked does. They end by {@link cut}. */
  stallAnswers(): void {
    for (const { server } of this.pairs) server.pause();
  }

  /** Cuts every open connection; new ones are accepted. */
  cut(): void {
    for (const { client, server } of this.pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
    this.pairs.clear();
  }

  /** Cuts every connection and refuses new ones, as when nobody listens. */
  async refuse(): Promise<void> {
    const { listener } = this;
    this.listener = undefined;
    const closed = new Promise<void>((resolve) => {
      if (listener === undefined) resolve();
      else listener.close(() => resolve());
    });
    this.cut();
    await closed;
  }

  /** Listens (again) on the proxy's port. */
  async accept(): Promise<void> {
    if (this.listener !== undefined) return;
    const listener = createServer((client) => this.connect(client));
    this.listener = listener;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.port, '127.0.0.1', resolve);
    });
  }

  private connect(client: Socket): void {
    const server = new Socket();
    const pair = { client, server };
    this.pairs.add(pair);
    this.forward(client, server, (chunk) => chunk);
    this.forward(server, client, (chunk) => this.maybeGarbled(chunk));
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // An error is followed by 'close', which ends the other side.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.pairs.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
    server.connect(Number(this.target.port), this.target.hostname);
    if (this.isStalled) {
      client.pause();
      server.pause();
    }
  }

  private maybeGarbled(chunk: Buffer): Buffer {
    if (!this.isGarbling) return chunk;
    this.isGarbling = false;
    return Buffer.from('?\r\n');
  }

  private forward(from: Socket, to: Socket, arriving: (chunk: Buffer) => Buffer): void {
    // One chain for each direction: packets keep their order also when the latency changes between two of them.
    let previous = Promise.resolve();
    const pass = (action: () => void): void => {
      const dueAt = Date.now() + this.latencyMs;
      previous = previous.then(() => waitUntil(dueAt)).then(action);
    };
    from.on('data', (chunk: Buffer) => pass(() => to.write(arriving(chunk))));
    from.on('end', () => pass(() => to.end()));
  }
}

async function waitUntil(time: number): Promise<void> {
  const ms = time - Date.now();
  if (ms > 0) await delay(ms);
}
