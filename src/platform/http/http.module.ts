import { Global, Module } from '@nestjs/common';
import { ProblemFilter } from '../errors/problem.filter.js';
import { GracefulShutdown } from './graceful-shutdown.js';

/** What {@link createApp} takes from the container. */
@Global()
@Module({ providers: [ProblemFilter, GracefulShutdown], exports: [ProblemFilter, GracefulShutdown] })
export class HttpModule {}
