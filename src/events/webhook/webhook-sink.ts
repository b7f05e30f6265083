import type { EntityManager } from 'typeorm';
import type { Clock } from '../../platform/clock.js';
import type { CloudEvent } from '../cloud-event.js';
import type { EventHead, SendResult, Sink } from '../relay/sink.js';
import type { WebhookRequest } from './webhook-request.js';
import { signatureHeaders } from './webhook-signature.js';
import type { Webhook } from './webhook.entity.js';
import type { WebhookRepository } from './webhook.repository.js';

/** So many subjects at once; more connections to one receiver would be an attack. */
const MAX_CONCURRENT = 8;

/** The key of a webhook among the sinks. */
export function sinkKey(webhookId: number): string {
  return `webhook:${webhookId}`;
}

/** A webhook, as the relay sees it. */
export class WebhookSink implements Sink {
  readonly kind = 'webhook';
  readonly maxBatch = 1;
  readonly maxConcurrent = MAX_CONCURRENT;

  constructor(
    private readonly webhook: Webhook,
    private readonly request: WebhookRequest,
    private readonly repository: WebhookRepository,
    private readonly clock: Clock,
  ) {}

  get key(): string {
    return sinkKey(this.webhook.id);
  }

  get isActive(): boolean {
    return this.webhook.status === 'active';
  }

  wants({ type, couponId }: EventHead): boolean {
    const { eventTypes, couponIds } = this.webhook;
    if (!eventTypes.includes(type)) return false;
    return couponIds === null || (couponId !== undefined && couponId !== null && couponIds.includes(couponId));
  }

  async send([event]: readonly CloudEvent[], over: AbortSignal): Promise<SendResult> {
    if (event === undefined) throw new Error('there is no event to send');
    const body = JSON.stringify(event);
    const headers = signatureHeaders(this.webhook, event.id, this.clock.now(), body);
    return await this.request.post(this.webhook.url, headers, body, over);
  }

  async disable(manager: EntityManager): Promise<void> {
    await this.repository.disable(manager, this.webhook.id);
  }
}
