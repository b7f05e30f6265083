import { Global, Module } from '@nestjs/common';
import { CircuitBreakers } from './circuit-breakers.js';
import { MetricsRegistry } from './metrics-registry.js';

@Global()
@Module({ providers: [MetricsRegistry, CircuitBreakers], exports: [MetricsRegistry, CircuitBreakers] })
export class MetricsModule {}
