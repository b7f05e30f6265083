import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { WebhookRequest } from './webhook-request.js';
import { WebhookSink } from './webhook-sink.js';
import type { Webhook } from './webhook.entity.js';
import { WebhookRepository } from './webhook.repository.js';

/** Every webhook as a sink. */
@Injectable()
export class WebhookSinks {
  constructor(
    private readonly repository: WebhookRepository,
    private readonly request: WebhookRequest,
    private readonly clock: Clock,
  ) {}

  /** All there are at this moment. @throws what the database throws */
  async all(): Promise<WebhookSink[]> {
    return (await this.repository.findAll()).map((webhook) => this.sinkOf(webhook));
  }

  sinkOf(webhook: Webhook): WebhookSink {
    return new WebhookSink(webhook, this.request, this.repository, this.clock);
  }
}
