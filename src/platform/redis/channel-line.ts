import type { Redis } from 'ioredis';
import type { Config } from '../config/config.schema.js';
import { withinTimeLimit } from '../time-limit.js';
import { ReconnectDelay } from './reconnect-delay.js';
import { RedisUnavailableError } from './redis-errors.js';
import type { RedisNode } from './redis-node.js';

/** The connection on which the channels of one master are listened to, for as long as the one beside it is open. */
export class ChannelLine {
  /** Of the connection beside it. */
  readonly session: object | undefined;
  private readonly heard = new Set<string>();
  private readonly delay: ReconnectDelay;
  private opening: Promise<Redis> | undefined;
  private nextTryAt = 0;
  private isClosed = false;

  /** @param onMessage told of each message on one of its channels */
  constructor(
    private readonly node: RedisNode,
    private readonly settings: Config['redis'],
    private readonly onMessage: (channel: string, message: string) => void,
  ) {
    this.session = node.session;
    this.delay = new ReconnectDelay(settings.reconnectMaxDelayMs);
  }

  hears(channel: string): boolean {
    return this.heard.has(channel);
  }

  /** False for a while after a failure: longer where the server does not let us. */
  get mayTry(): boolean {
    return performance.now() >= this.nextTryAt;
  }

  /** Resolves when messages of the channel arrive. @throws what ioredis says; RedisUnavailableError when it takes too long */
  async subscribe(channel: string): Promise<void> {
    const limitMs = this.settings.commandTimeoutMs;
    const late = () => new RedisUnavailableError(`no answer within ${limitMs} ms`, { reason: 'TIMEOUT' });
    await withinTimeLimit(this.subscribeOver(channel), limitMs, late);
    if (!this.isClosed) this.heard.add(channel);
    this.delay.succeeded();
  }

  unsubscribe(channel: string): void {
    if (!this.heard.delete(channel)) return;
    // Where it fails the connection is lost, and with it the subscription.
    void this.opening?.then((client) => client.sunsubscribe(channel)).catch(() => undefined);
  }

  failed(error: unknown): void {
    this.delay.failed(error);
    this.nextTryAt = performance.now() + this.delay.next();
  }

  close(): void {
    this.isClosed = true;
    this.heard.clear();
    // One that could not be opened has told whoever waited for it.
    void this.opening?.then((client) => client.disconnect()).catch(() => undefined);
  }

  private async subscribeOver(channel: string): Promise<void> {
    this.opening ??= this.open();
    const client = await this.opening;
    await client.ssubscribe(channel);
  }

  private async open(): Promise<Redis> {
    const client = this.node.openBeside();
    client.on('smessage', this.onMessage);
    client.on('close', () => {
      this.heard.clear();
      this.opening = undefined;
    });
    try {
      await client.connect();
      return client;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }
}
