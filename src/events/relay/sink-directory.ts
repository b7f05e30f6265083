import { Injectable } from '@nestjs/common';
import { WebhookSinks } from '../webhook/webhook-sinks.js';
import type { Sink } from './sink.js';

/** Everywhere that events are told. */
@Injectable()
export class SinkDirectory {
  constructor(private readonly webhooks: WebhookSinks) {}

  /** All there are at this moment, also those that are not active. @throws what the database throws */
  async all(): Promise<readonly Sink[]> {
    return await this.webhooks.all();
  }
}
