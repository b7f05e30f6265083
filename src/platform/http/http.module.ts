import { Global, Module } from '@nestjs/common';
import { ProblemFilter } from '../errors/problem.filter.js';
import { ConnectionLimit } from './connection-limit.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { HttpMetrics } from './http-metrics.js';

/** What {@link createApp} takes from the container, and the limit of connections. */
@Global()
@Module({
  providers: [ProblemFilter, ConnectionLimit, GracefulShutdown, HttpMetrics],
  exports: [ProblemFilter, ConnectionLimit, GracefulShutdown, HttpMetrics],
})
export class HttpModule {}
