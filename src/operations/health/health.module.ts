import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseProbeRepository } from './database-probe.repository.js';
import { DependencyWatchJob } from './dependency-watch.job.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { RedisGauges } from './redis-gauges.js';

@Module({
  // A load balancer asks every few seconds: what is down is logged once, by its connection, and not here.
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [HealthService, DatabaseProbeRepository, DependencyWatchJob, RedisGauges],
  exports: [DatabaseProbeRepository],
})
export class HealthModule {}
