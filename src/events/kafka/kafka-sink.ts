import { Injectable } from '@nestjs/common';
import { messageOf } from '../../platform/errors/error-text.js';
import type { CloudEvent } from '../cloud-event.js';
import type { SendResult, Sink } from '../relay/sink.js';
import { KafkaEvents } from './kafka-events.js';

/** The topic `events.kafka.topic`: every event, the subject as its key, so that a subject's order is a partition's. */
@Injectable()
export class KafkaSink implements Sink {
  readonly kind = 'kafka';
  readonly key = 'kafka';
  readonly isActive = true;
  readonly maxBatch = 100;
  /** The client keeps the order of what is sent one after the other alone. */
  readonly maxConcurrent = 1;

  constructor(private readonly events: KafkaEvents) {}

  /** False: events are not told to Kafka at all. */
  get isWanted(): boolean {
    return this.events.isEnabled;
  }

  wants(): boolean {
    return true;
  }

  /** Some of what was not acknowledged may be there all the same: whoever reads it knows it by its id. */
  async send(events: readonly CloudEvent[]): Promise<SendResult> {
    try {
      await this.events.send(events.map((event) => ({ key: event.subject, value: JSON.stringify(event) })));
      return { isDelivered: true, responseStatus: null, error: null };
    } catch (error) {
      return { isDelivered: false, responseStatus: null, error: messageOf(error) };
    }
  }
}
