import { Module, type OnModuleInit } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { MetricsController } from './metrics.controller.js';

/** `/metrics`: what the modules registered, and the process's own CPU, memory, garbage collection and event-loop lag. */
@Module({ controllers: [MetricsController] })
export class MetricsExpositionModule implements OnModuleInit {
  constructor(private readonly registry: MetricsRegistry) {}

  onModuleInit(): void {
    collectDefaultMetrics({ register: this.registry });
  }
}
