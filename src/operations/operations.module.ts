import { Module } from '@nestjs/common';
import { HealthModule } from './health/health.module.js';
import { MetricsExpositionModule } from './metrics/metrics-exposition.module.js';
import { ProblemsModule } from './problems/problems.module.js';

/** What those who run the application need: health, metrics, and how errors are answered. */
@Module({ imports: [HealthModule, MetricsExpositionModule, ProblemsModule] })
export class OperationsModule {}
