import { Global, Module } from '@nestjs/common';
import { ProblemFilter } from '../errors/problem.filter.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { HttpMetrics } from './http-metrics.js';

/** What {@link createApp} takes from the container. */
@Global()
@Module({
  providers: [ProblemFilter, GracefulShutdown, HttpMetrics],
  exports: [ProblemFilter, GracefulShutdown, HttpMetrics],
})
export class HttpModule {}
