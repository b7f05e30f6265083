import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { messageOf } from '../errors/error-text.js';
import { serverOptions } from './server-options.js';

/** What only operators are to see, where they have a port of their own. */
const FOR_OPERATORS = /^\/(?:metrics|dashboard|docs|docs-json)(?:$|\/)/;

const OVER_MANAGEMENT = Symbol('over the management port');

type Received = IncomingMessage & { [OVER_MANAGEMENT]?: true };

/**
 * A second server of the same application on `management.port`, for operators and Prometheus: it serves everything, the
 * public one then only the API and the health. Without that port there is one server for all.
 */
@Injectable()
export class ManagementServer implements OnApplicationShutdown {
  /** Whether there is a management port. */
  readonly isUsed: boolean;
  private created: Server | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly adapterHost: HttpAdapterHost,
  ) {
    this.isUsed = config.management.port !== undefined;
  }

  /** Undefined without a management port. */
  get server(): Server | undefined {
    return this.isUsed ? (this.created ??= this.create()) : undefined;
  }

  /**
   * Where it listens, once the application is ready; undefined without a management port.
   *
   * @throws Error naming the setting when it cannot listen there
   */
  async listen(backlog: number): Promise<string | undefined> {
    const { server } = this;
    if (server === undefined) return undefined;
    const { port, host } = this.config.management;
    server.listen({ port, host, backlog });
    try {
      await once(server, 'listening');
    } catch (error) {
      throw new Error(`nothing can listen on management.port (MANAGEMENT_PORT): ${messageOf(error)}`, { cause: error });
    }
    const { address, port: taken, family } = server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
  }

  /** As Fastify does with the other one: what GracefulShutdown could not end in time is cut. */
  onApplicationShutdown(): void {
    this.created?.closeAllConnections();
  }

  /** Whether a route, or a path, is kept from callers of the public port. */
  hides(path: string): boolean {
    return this.isUsed && FOR_OPERATORS.test(path);
  }

  /** Whether a request came over the management port; false where there is none. */
  received({ raw }: Pick<FastifyRequest, 'raw'>): boolean {
    return (raw as Received)[OVER_MANAGEMENT] === true;
  }

  private create(): Server {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    const { http, keepAliveTimeout } = serverOptions(this.config);
    return createServer({ ...http, keepAliveTimeout }, (request: Received, response) => {
      request[OVER_MANAGEMENT] = true;
      fastify.routing(request, response);
    });
  }
}
