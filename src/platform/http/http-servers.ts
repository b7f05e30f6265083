import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { ManagementServer } from './management-server.js';

/** What listens: the public server, and that of the management port where there is one. */
@Injectable()
export class HttpServers {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly management: ManagementServer,
  ) {}

  get public(): Server {
    return this.adapterHost.httpAdapter.getHttpServer();
  }

  get all(): readonly Server[] {
    const { server } = this.management;
    return server === undefined ? [this.public] : [this.public, server];
  }
}
