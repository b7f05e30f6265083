import { Global, Module } from '@nestjs/common';
import { ProblemFilter } from '../errors/problem.filter.js';
import { ArrivalChecks } from './arrival-checks.js';
import { ConnectionLimit } from './connection-limit.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { HttpMetrics } from './http-metrics.js';
import { HttpServers } from './http-servers.js';
import { ManagementServer } from './management-server.js';

const PROVIDERS = [
  ProblemFilter,
  ArrivalChecks,
  ConnectionLimit,
  GracefulShutdown,
  HttpMetrics,
  HttpServers,
  ManagementServer,
];

/** What {@link createApp} takes from the container, the servers that listen, and the limit of connections. */
@Global()
@Module({ providers: PROVIDERS, exports: PROVIDERS })
export class HttpModule {}
