import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';

/** The rest of the time belongs to what comes after the requests: the batch in hand, and closing the connections. */
const SHARE_FOR_REQUESTS = 0.5;

/**
 * Ends HTTP before anything that requests need is closed: no new connections, requests in flight are answered, and
 * each answer closes its keep-alive connection. Without that, Fastify waits 70 s for a connection that stays idle.
 * Nest calls it before `onApplicationShutdown`, where Redis, MySQL and the issuer end.
 */
@Injectable()
export class GracefulShutdown implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Shutdown');
  private isDraining = false;

  constructor(
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Called for every answer. */
  markLastAnswer(reply: FastifyReply): void {
    if (this.isDraining) reply.header('connection', 'close');
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isDraining = true;
    const server: Server = this.adapterHost.httpAdapter.getHttpServer();
    if (!server.listening) return;
    const drained = new Promise<'drained'>((resolve) => server.close(() => resolve('drained')));
    const limit = delay(this.config.http.shutdownTimeoutMs * SHARE_FOR_REQUESTS, 'late' as const, { ref: false });
    if ((await Promise.race([drained, limit])) === 'late') {
      this.logger.warn('some connections did not end in time and are cut');
    }
  }
}
