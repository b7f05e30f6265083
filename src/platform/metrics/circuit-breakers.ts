import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from './metrics-registry.js';

/** The circuit breakers of this process, by name: whoever has one says so here, and operators see it. */
@Injectable()
export class CircuitBreakers {
  private readonly breakers = new Map<string, () => boolean>();

  constructor(registry: MetricsRegistry) {
    registry.gaugeFuncBy(
      'firstcome_circuit_breaker_open',
      '1 while the breaker is open: the server behind it is not asked.',
      'breaker',
      () => [...this.breakers].map(([breaker, isOpen]) => [breaker, Number(isOpen())]),
    );
  }

  /** Shows the state that `isOpen` tells, whenever it is looked at. */
  watch(breaker: string, isOpen: () => boolean): void {
    this.breakers.set(breaker, isOpen);
  }
}
