import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { HttpServers } from './http-servers.js';

/** Longer than a call may wait for anything; the rest of the time belongs to what closes after the requests. */
const SHARE_FOR_REQUESTS = 0.7;
/** Longer than a request takes from a load balancer, and than the next one takes to come on a busy connection. */
const SHARE_FOR_IDLE_CONNECTIONS = 0.1;

/**
 * Ends HTTP before anything that requests need is closed: no new connections, requests in flight are answered, and
 * each answer closes its keep-alive connection. Without that, Fastify waits 70 s for a connection that stays idle. One
 * that is idle stays open for half a second: a load balancer may have sent its next request on it already, and may not
 * send that again to another instance, for all it knows it was carried out.
 *
 * It stops taking requests in `onModuleDestroy`, so that in `beforeApplicationShutdown` modules can finish what is in
 * hand, and lets go of the last request before `onApplicationShutdown`, where Redis and MySQL close.
 */
@Injectable()
export class GracefulShutdown
  implements OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly logger = new Logger('Shutdown');
  private readonly sockets = new Set<Socket>();
  private isDraining = false;
  private drainingSince = 0;
  private drained: Promise<boolean> | undefined;

  constructor(
    private readonly servers: HttpServers,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    for (const server of this.servers.all) {
      server.on('connection', (socket) => {
        this.sockets.add(socket);
        socket.once('close', () => this.sockets.delete(socket));
      });
    }
  }

  /** Called for every answer. */
  markLastAnswer(reply: FastifyReply): void {
    if (this.isDraining) reply.header('connection', 'close');
  }

  onModuleDestroy(): void {
    this.isDraining = true;
    this.drainingSince = Date.now();
    const listening = this.servers.all.filter((server) => server.listening);
    if (listening.length === 0) return;
    this.logger.log(`ending: no new connections (${this.sockets.size} open), what is in hand is finished`);
    // The HTTP server's own close() would close the idle connections at once.
    const ended = listening.map(
      (server) => new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve())),
    );
    this.drained = Promise.race([
      Promise.all(ended).then(() => true),
      this.after(SHARE_FOR_REQUESTS).then(() => false),
    ]);
    void this.after(SHARE_FOR_IDLE_CONNECTIONS).then(() => this.closeIdle());
  }

  async beforeApplicationShutdown(): Promise<void> {
    if ((await this.drained) === false) this.logger.warn('some requests did not end in time and are cut');
  }

  onApplicationShutdown(signal?: string): void {
    this.logger.log(`ended${signal === undefined ? '' : ` by ${signal}`} after ${Date.now() - this.drainingSince} ms`);
  }

  private closeIdle(): void {
    for (const server of this.servers.all) server.closeIdleConnections();
    // Those are the ones that have been used; browsers open some that they never use.
    for (const socket of this.sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  /** A part of the time that there is for the whole shutdown; keeps no process alive. */
  private async after(share: number): Promise<void> {
    await delay(this.config.http.shutdownTimeoutMs * share, undefined, { ref: false });
  }
}
