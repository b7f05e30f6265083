import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';

/** Longer than a call may wait for its issuance; the rest of the time belongs to what closes after the requests. */
const SHARE_FOR_REQUESTS = 0.7;

/**
 * Ends HTTP before anything that requests need is closed: no new connections, requests in flight are answered, and
 * each answer closes its keep-alive connection. Without that, Fastify waits 70 s for a connection that stays idle.
 *
 * It stops taking requests in `onModuleDestroy`, so that in `beforeApplicationShutdown` modules can finish what is in
 * hand, and lets go of the last request before `onApplicationShutdown`, where Redis and MySQL close.
 */
@Injectable()
export class GracefulShutdown implements OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Shutdown');
  private readonly sockets = new Set<Socket>();
  private isDraining = false;
  private drainingSince = 0;
  private drained: Promise<boolean> | undefined;

  constructor(
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** Called for every answer. */
  markLastAnswer(reply: FastifyReply): void {
    if (this.isDraining) reply.header('connection', 'close');
  }

  onModuleDestroy(): void {
    this.isDraining = true;
    this.drainingSince = Date.now();
    if (!this.server.listening) return;
    this.logger.log(`ending: no new connections (${this.sockets.size} open), what is in hand is finished`);
    const ended = new Promise<true>((resolve) => this.server.close(() => resolve(true)));
    const late = delay(this.config.http.shutdownTimeoutMs * SHARE_FOR_REQUESTS, false as const, { ref: false });
    this.drained = Promise.race([ended, late]);
    // Node closes the idle ones that have been used; browsers open some that they never use.
    for (const socket of this.sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if ((await this.drained) === false) this.logger.warn('some requests did not end in time and are cut');
  }

  onApplicationShutdown(signal?: string): void {
    this.logger.log(`ended${signal === undefined ? '' : ` by ${signal}`} after ${Date.now() - this.drainingSince} ms`);
  }

  private get server(): Server {
    return this.adapterHost.httpAdapter.getHttpServer();
  }
}
