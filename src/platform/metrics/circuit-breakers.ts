import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { MetricsRegistry } from './metrics-registry.js';

/** The circuit breakers of this process, by name: whoever has one says so here, and operators see it. */
@Injectable()
export class CircuitBreakers {
  private readonly breakers = new Map<string, () => boolean>();

  constructor(registry: MetricsRegistry) {
    const { breakers } = this;
    const open = new Gauge({
      name: 'firstcome_circuit_breaker_open',
      help: '1 while the breaker is open: the server behind it is not asked.',
      labelNames: ['breaker'],
      registers: [],
      collect() {
        for (const [breaker, isOpen] of breakers) this.set({ breaker }, isOpen() ? 1 : 0);
      },
    });
    registry.registerMetric(open);
  }

  /** Shows the state that `isOpen` tells, whenever it is looked at. */
  watch(breaker: string, isOpen: () => boolean): void {
    this.breakers.set(breaker, isOpen);
  }
}
