import { Injectable } from '@nestjs/common';
import { ActionTrail, type Actor } from '../../identity/index.js';
import { TransactionRunner } from '../../platform/database/transaction-runner.js';
import { pageOf } from '../../platform/http/page.js';
import { WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import { sinkKey } from './webhook-sink.js';
import { type DeliveryView, deliveryView } from './webhook-view.js';
import { DeliveryNotFoundError, WebhookNotFoundError } from './webhook.errors.js';
import { WebhookRepository } from './webhook.repository.js';
import type { DeliveriesPage } from './webhook.schemas.js';

/** Shows what a webhook was sent, and sends it again. */
@Injectable()
export class WebhookDeliveryService {
  constructor(
    private readonly deliveries: WebhookDeliveryRepository,
    private readonly webhooks: WebhookRepository,
    private readonly transactions: TransactionRunner,
    private readonly trail: ActionTrail,
  ) {}

  /** The newest first. @throws WebhookNotFoundError */
  async list(
    webhookId: number,
    query: DeliveriesPage,
  ): Promise<{ deliveries: DeliveryView[]; nextCursor: string | null }> {
    await this.requireWebhook(webhookId);
    const sink = sinkKey(webhookId);
    const found = await this.deliveries.findPage(sink, { ...query, limit: query.limit + 1 });
    const { page, nextCursor } = pageOf(found, query.limit, ({ createdAt, id }) => [createdAt.getTime(), id]);
    const subjects = page.flatMap(({ status, subject }) => (status === 'PENDING' ? [subject] : []));
    const nextAttempts = await this.deliveries.findNextAttempts(sink, subjects);
    return {
      deliveries: page.map((delivery) => deliveryView(delivery, nextAttempts.get(delivery.subject))),
      nextCursor,
    };
  }

  /**
   * Has the event sent again, now, whether it was delivered or not; before those of its subject that come after it. The
   * delivery as it is then.
   *
   * @throws WebhookNotFoundError, DeliveryNotFoundError
   */
  async replay(webhookId: number, deliveryId: number, actor: Actor): Promise<DeliveryView> {
    await this.requireWebhook(webhookId);
    const sink = sinkKey(webhookId);
    const replayed = await this.transactions.run(async (manager, publish) => {
      const delivery = await this.deliveries.findKept(manager, sink, deliveryId);
      if (delivery === null) throw new DeliveryNotFoundError(webhookId, deliveryId);
      await this.deliveries.replay(manager, delivery);
      await this.trail.record(manager, publish, {
        actor,
        action: 'delivery.replay',
        subject: `webhooks/${webhookId}`,
        after: { deliveryId },
      });
      return Object.assign(delivery, { status: 'PENDING' as const, deliveredAt: null });
    });
    const nextAttempts = await this.deliveries.findNextAttempts(sink, [replayed.subject]);
    return deliveryView(replayed, nextAttempts.get(replayed.subject));
  }

  private async requireWebhook(webhookId: number): Promise<void> {
    if ((await this.webhooks.find(webhookId)) === null) throw new WebhookNotFoundError(webhookId);
  }
}
