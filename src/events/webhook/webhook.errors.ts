import { DomainError } from '../../platform/errors/domain-error.js';

declare module '../../platform/errors/error-codes.js' {
  interface ErrorCodes {
    events: 'WEBHOOK_NOT_FOUND' | 'DELIVERY_NOT_FOUND';
  }
}

/** No webhook has this id. */
export class WebhookNotFoundError extends DomainError {
  constructor(webhookId: number) {
    super('WEBHOOK_NOT_FOUND', `There is no webhook ${webhookId}. GET /api/webhooks lists those there are.`, {
      webhookId,
    });
  }
}

/** The webhook has no delivery of this id, or what it was about is no longer kept. */
export class DeliveryNotFoundError extends DomainError {
  constructor(webhookId: number, deliveryId: number) {
    super(
      'DELIVERY_NOT_FOUND',
      `Webhook ${webhookId} has no delivery ${deliveryId} that is still kept. ` +
        `GET /api/webhooks/${webhookId}/deliveries lists those it has.`,
      { webhookId, deliveryId },
    );
  }
}
