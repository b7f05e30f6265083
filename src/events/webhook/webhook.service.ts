import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Action, ActionTrail, type Actor } from '../../identity/index.js';
import { Clock } from '../../platform/clock.js';
import { TransactionRunner } from '../../platform/database/transaction-runner.js';
import { pageOf } from '../../platform/http/page.js';
import { cloudEvent } from '../cloud-event.js';
import { DeliveryRepository } from '../relay/delivery.repository.js';
import { newSecret, rotated } from './webhook-signature.js';
import { sinkKey } from './webhook-sink.js';
import { WebhookSinks } from './webhook-sinks.js';
import { WebhookTargets } from './webhook-targets.js';
import { type WebhookView, webhookView } from './webhook-view.js';
import type { Webhook } from './webhook.entity.js';
import { WebhookNotFoundError } from './webhook.errors.js';
import { WebhookRepository } from './webhook.repository.js';
import type { Page, WebhookDraft, WebhookPatch } from './webhook.schemas.js';

const TEST_EVENT_TYPE = 'firstcome.webhook.test';

/** A webhook with the secret that signs what it is sent. */
export type SecretWebhookView = WebhookView & { readonly secret: string };

/** How the test of a webhook ended. */
export interface TestResult {
  readonly delivered: boolean;
  readonly responseStatus: number | null;
  readonly error: string | null;
}

/** Registers where other systems want to be told of events. */
@Injectable()
export class WebhookService {
  constructor(
    private readonly webhooks: WebhookRepository,
    private readonly deliveries: DeliveryRepository,
    private readonly sinks: WebhookSinks,
    private readonly targets: WebhookTargets,
    private readonly transactions: TransactionRunner,
    private readonly trail: ActionTrail,
    private readonly clock: Clock,
  ) {}

  /** Whoever is registered gets what happens from now on. @throws ValidationFailedError for a URL that is not allowed */
  async create(draft: WebhookDraft, actor: Actor): Promise<SecretWebhookView> {
    await this.targets.assertAllowed(draft.url);
    return await this.transactions.run(async (manager, publish) => {
      const webhook = await this.webhooks.insert(manager, {
        ...draft,
        secret: newSecret(),
        previousSecret: null,
        previousUntil: null,
        status: 'active',
        createdAt: this.clock.now(),
      });
      await this.trail.record(manager, publish, {
        ...action(actor, 'webhook.create', webhook.id),
        after: traced(draft),
      });
      return withSecret(webhook);
    });
  }

  /** The newest first. */
  async list({ cursor, limit }: Page): Promise<{ webhooks: WebhookView[]; nextCursor: string | null }> {
    const found = await this.webhooks.findPage({ cursor, limit: limit + 1 });
    const { page, nextCursor } = pageOf(found, limit, ({ createdAt, id }) => [createdAt.getTime(), id]);
    return { webhooks: page.map(webhookView), nextCursor };
  }

  /** @throws WebhookNotFoundError */
  async get(webhookId: number): Promise<WebhookView> {
    return webhookView(await this.require(webhookId));
  }

  /**
   * Changes what is named; `active` also has everything that waits be sent now.
   *
   * @throws WebhookNotFoundError, ValidationFailedError for a URL that is not allowed
   */
  async change(webhookId: number, patch: WebhookPatch, actor: Actor): Promise<WebhookView> {
    if (patch.url !== undefined) await this.targets.assertAllowed(patch.url);
    return await this.transactions.run(async (manager, publish) => {
      const webhook = await this.lock(manager, webhookId);
      await this.webhooks.update(manager, webhookId, patch);
      await this.trail.record(manager, publish, {
        ...action(actor, 'webhook.change', webhookId),
        before: traced(webhook),
        after: traced(patch),
      });
      if (patch.status === 'active') await this.deliveries.makeDue(manager, sinkKey(webhookId));
      return webhookView(Object.assign(webhook, patch));
    });
  }

  /** What it has not been sent yet is not sent any more. @throws WebhookNotFoundError */
  async delete(webhookId: number, actor: Actor): Promise<void> {
    await this.transactions.run(async (manager, publish) => {
      const webhook = await this.lock(manager, webhookId);
      await this.webhooks.delete(manager, webhookId);
      await this.trail.record(manager, publish, {
        ...action(actor, 'webhook.delete', webhookId),
        before: traced(webhook),
      });
    });
  }

  /** A new secret; the one before signs too, for a day. @throws WebhookNotFoundError */
  async rotateSecret(webhookId: number, actor: Actor): Promise<SecretWebhookView> {
    return await this.transactions.run(async (manager, publish) => {
      const webhook = await this.lock(manager, webhookId);
      const secrets = rotated(webhook, this.clock.now());
      await this.webhooks.update(manager, webhookId, secrets);
      await this.trail.record(manager, publish, action(actor, 'webhook.rotate-secret', webhookId));
      return withSecret(Object.assign(webhook, secrets));
    });
  }

  /** Sends an event that means nothing, once and now, also to one that is disabled. @throws WebhookNotFoundError */
  async test(webhookId: number, actor: Actor): Promise<TestResult> {
    const webhook = await this.require(webhookId);
    return await this.trail.run(
      action(actor, 'webhook.test', webhookId),
      () => this.sendTest(webhook),
      ({ delivered, responseStatus }) => ({ delivered, responseStatus }),
    );
  }

  private async sendTest(webhook: Webhook): Promise<TestResult> {
    const webhookId = webhook.id;
    const occurredAt = this.clock.now();
    const subject = `webhooks/${webhookId}`;
    const event = { subject, position: occurredAt.getTime(), type: TEST_EVENT_TYPE, occurredAt };
    const { isDelivered, responseStatus, error } = await this.sinks
      .sinkOf(webhook)
      .send([cloudEvent(event, { webhookId })], new AbortController().signal);
    return { delivered: isDelivered, responseStatus, error };
  }

  private async require(webhookId: number): Promise<Webhook> {
    const webhook = await this.webhooks.find(webhookId);
    if (webhook === null) throw new WebhookNotFoundError(webhookId);
    return webhook;
  }

  private async lock(manager: EntityManager, webhookId: number): Promise<Webhook> {
    const webhook = await this.webhooks.lock(manager, webhookId);
    if (webhook === null) throw new WebhookNotFoundError(webhookId);
    return webhook;
  }
}

function action(actor: Actor, what: string, webhookId: number): Action {
  return { actor, action: what, subject: `webhooks/${webhookId}` };
}

/** What the trace has of a webhook: of its URL no more than whom it leads to, for the rest may be a secret. */
function traced({ url, ...rest }: Partial<Pick<Webhook, 'url' | 'eventTypes' | 'couponIds' | 'status'>>): object {
  const { eventTypes, couponIds, status } = rest;
  return { ...(url !== undefined && { origin: new URL(url).origin }), eventTypes, couponIds, status };
}

function withSecret(webhook: Webhook): SecretWebhookView {
  return { ...webhookView(webhook), secret: webhook.secret };
}
