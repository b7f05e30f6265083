import { Module } from '@nestjs/common';
import { ActionModule } from './actions/action.module.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsExpositionModule } from './metrics/metrics-exposition.module.js';
import { ProblemsModule } from './problems/problems.module.js';

/** What those who run the application need: health, metrics, the live page, and how errors are answered. */
@Module({ imports: [ActionModule, HealthModule, MetricsExpositionModule, DashboardModule, ProblemsModule] })
export class OperationsModule {}
