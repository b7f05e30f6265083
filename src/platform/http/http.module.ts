import { Global, Module } from '@nestjs/common';
import { ProblemFilter } from '../errors/problem.filter.js';
import { AdminToken } from './admin-token.js';
import { ConnectionLimit } from './connection-limit.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { HttpMetrics } from './http-metrics.js';

/** What {@link createApp} takes from the container, the limit of connections, and who may administer. */
@Global()
@Module({
  providers: [ProblemFilter, ConnectionLimit, GracefulShutdown, HttpMetrics, AdminToken],
  exports: [ProblemFilter, ConnectionLimit, GracefulShutdown, HttpMetrics, AdminToken],
})
export class HttpModule {}
