import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { DependencyState } from '../dependencies/dependency-state.js';
import { messageOf } from '../errors/error-text.js';
import { MetricsRegistry } from '../metrics/metrics-registry.js';
import { ChannelLine } from './channel-line.js';
import { redisProblem } from './redis-errors.js';
import { RedisConnection } from './redis-connection.js';
import type { RedisNode } from './redis-node.js';

/** How often it is looked whether every channel is listened to at the server that has it. */
const LOOK_MS = 1000;

/**
 * Listens to channels of shards (SSUBSCRIBE) for whom a message is a hint: what is published while nobody can listen is
 * lost, and nobody is told of an outage but the log and a metric. Each master has a connection for it beside the one that
 * commands go over, opened when a channel is asked for and closed with the last one; it is left together with that one.
 * So a fail-over is followed, and a channel that moves within a cluster, by whoever follows it for commands: ioredis' own
 * sharded subscribers follow only the list of slots, and say nothing of what they failed to subscribe to anew.
 */
@Injectable()
export class RedisSubscriber implements OnApplicationShutdown {
  private readonly state = new DependencyState(
    new Logger('Redis channels'),
    'who waits for news of another instance hears it some seconds later',
  );
  private readonly wanted = new Set<string>();
  private readonly lines = new Map<RedisNode, ChannelLine>();
  private readonly messageListeners: Array<(channel: string, message: string) => void> = [];
  private readonly resubscribedListeners: Array<(channels: readonly string[]) => void> = [];
  private looking: NodeJS.Timeout | undefined;
  private isLooking = false;
  private isEnded = false;

  constructor(
    private readonly redis: RedisConnection,
    registry: MetricsRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    redis.onReady(() => void this.look());
    registry.gaugeFuncBy('firstcome_redis_channels', 'Channels of Redis that are wanted, by state.', 'state', () => {
      const heard = [...this.wanted].filter((channel) => this.hears(channel)).length;
      return [
        ['heard', heard],
        ['missing', this.wanted.size - heard],
      ];
    });
  }

  onApplicationShutdown(): void {
    this.isEnded = true;
    this.state.end();
    this.wanted.clear();
    this.closeUnused();
  }

  /** Calls `listener` with each message on a channel that was subscribed to. */
  onMessage(listener: (channel: string, message: string) => void): void {
    this.messageListeners.push(listener);
  }

  /** Calls `listener` when channels are listened to again that were not for a while: what was said meanwhile is lost. */
  onResubscribed(listener: (channels: readonly string[]) => void): void {
    this.resubscribedListeners.push(listener);
  }

  /** Listens until {@link unsubscribe}. Resolves when it does, or cannot for now; never rejects. */
  async subscribe(channel: string): Promise<void> {
    if (this.isEnded) return;
    this.wanted.add(channel);
    this.looking ??= setInterval(() => void this.look(), LOOK_MS).unref();
    await this.listenTo(channel);
  }

  unsubscribe(channel: string): void {
    this.wanted.delete(channel);
    for (const line of this.lines.values()) line.unsubscribe(channel);
    this.closeUnused();
  }

  /** Whether messages of the channel arrive, as far as is known. */
  hears(channel: string): boolean {
    const node = this.redis.findNode(channel);
    return node !== undefined && this.lineOf(node)?.hears(channel) === true;
  }

  /** Listens anew to what a server that was left, or that does not have it any more, was asked for. */
  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    const missing = [...this.wanted].filter((channel) => !this.hears(channel));
    await Promise.all(missing.map((channel) => this.listenTo(channel)));
    this.isLooking = false;
    const found = missing.filter((channel) => this.wanted.has(channel) && this.hears(channel));
    if (found.length > 0) for (const listener of this.resubscribedListeners) listener(found);
  }

  private async listenTo(channel: string): Promise<void> {
    const node = this.redis.findNode(channel);
    // Of a server that is away the connection has told.
    if (node?.session === undefined) return;
    const line = this.lineOf(node) ?? this.openLine(node);
    if (!line.mayTry) return;
    try {
      await line.subscribe(channel);
      this.state.recover('listening');
    } catch (error) {
      line.failed(error);
      // One that failed together with the connection beside it says nothing new.
      if (node.session === line.session) this.state.fail(redisProblem(error), messageOf(error));
    }
    if (!this.wanted.has(channel)) this.unsubscribe(channel);
  }

  /** The one beside the connection that is open now; any other is closed. */
  private lineOf(node: RedisNode): ChannelLine | undefined {
    const line = this.lines.get(node);
    if (line === undefined || line.session === node.session) return line;
    line.close();
    this.lines.delete(node);
    return undefined;
  }

  private openLine(node: RedisNode): ChannelLine {
    const line = new ChannelLine(node, this.config.redis, (channel, message) => {
      for (const listener of this.messageListeners) listener(channel, message);
    });
    this.lines.set(node, line);
    return line;
  }

  private closeUnused(): void {
    if (this.wanted.size > 0) return;
    clearInterval(this.looking);
    this.looking = undefined;
    for (const line of this.lines.values()) line.close();
    this.lines.clear();
  }
}
