import { Injectable } from '@nestjs/common';
import { KafkaSink } from '../kafka/kafka-sink.js';
import { WebhookSinks } from '../webhook/webhook-sinks.js';
import type { Sink } from './sink.js';

/** Everywhere that events are told. */
@Injectable()
export class SinkDirectory {
  constructor(
    private readonly webhooks: WebhookSinks,
    private readonly kafka: KafkaSink,
  ) {}

  /** All there are at this moment, also those that are not active. @throws what the database throws */
  async all(): Promise<readonly Sink[]> {
    const webhooks = await this.webhooks.all();
    return this.kafka.isWanted ? [...webhooks, this.kafka] : webhooks;
  }
}
