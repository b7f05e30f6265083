import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { MetricsRegistry } from '../../../platform/metrics/metrics-registry.js';

const PRODUCED = ['produced', 'failed'] as const;
const CONSUMED = ['issued', 'dropped', 'left'] as const;

/** What an operator sees of Kafka between admission and ledger; all 0 where there is none. */
@Injectable()
export class KafkaTransportMetrics {
  readonly produced: Counter<'result'>;
  readonly consumed: Counter<'result'>;
  readonly poison: Counter;
  /** Messages of its partitions that this instance has not seen to. */
  lag: () => number = () => 0;

  constructor(registry: MetricsRegistry) {
    this.produced = registry.counter(
      'firstcome_kafka_produced_total',
      'Reservations given to Kafka by result; failed: it did not take them, and they are issued without it.',
      'result',
      PRODUCED,
    );
    this.consumed = registry.counter(
      'firstcome_kafka_consumed_total',
      'Reservations that came out of Kafka by what became of them; dropped: no longer pending; left: to the sweep.',
      'result',
      CONSUMED,
    );
    this.poison = registry.counter('firstcome_kafka_poison_total', 'Messages that are none of ours and were skipped.');
    registry.gaugeFunc(
      'firstcome_kafka_lag',
      'Messages in the partitions of this instance that it has not seen to, as far as it knows.',
      () => this.lag(),
    );
  }
}
