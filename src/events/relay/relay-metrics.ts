import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { SINK_KINDS } from './sink.js';

export const DELIVERY_RESULTS = ['delivered', 'failed'] as const;

/** What an operator sees of what was sent. */
@Injectable()
export class RelayMetrics {
  readonly deliveries: Counter<'kind' | 'result'>;

  constructor(registry: MetricsRegistry) {
    this.deliveries = new Counter({
      name: 'firstcome_deliveries_total',
      help: 'Attempts of this process to send an event, by the kind of sink and how they ended.',
      labelNames: ['kind', 'result'],
      registers: [registry],
    });
    for (const kind of SINK_KINDS) {
      for (const result of DELIVERY_RESULTS) this.deliveries.inc({ kind, result }, 0);
    }
  }
}
