import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { BuildInfo } from './build-info.js';
import { MetricsText } from './metrics-text.js';
import { MetricsController } from './metrics.controller.js';

/** `/metrics`: what the modules registered, and the process's CPU, memory, garbage collection and event-loop lag. */
@Module({ controllers: [MetricsController], providers: [BuildInfo, MetricsText] })
export class MetricsExpositionModule implements OnModuleInit {
  constructor(
    private readonly registry: MetricsRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    if (this.config.metrics.enabled) collectDefaultMetrics({ register: this.registry });
  }
}
