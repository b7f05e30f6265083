import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { newestFirst } from '../../platform/database/newest-first.js';
import { Webhook } from './webhook.entity.js';
import type { Page } from './webhook.schemas.js';

/** The table `webhooks`. */
@Injectable()
export class WebhookRepository {
  constructor(@InjectRepository(Webhook) private readonly webhooks: Repository<Webhook>) {}

  async findAll(): Promise<Webhook[]> {
    return await this.webhooks.find({ order: { id: 'ASC' } });
  }

  async find(webhookId: number): Promise<Webhook | null> {
    return await this.webhooks.findOneBy({ id: webhookId });
  }

  /** The newest first by (created_at, id), from the one before `cursor` on. */
  async findPage(page: Page): Promise<Webhook[]> {
    const query = this.webhooks.createQueryBuilder('webhook');
    return await newestFirst(query, { time: 'webhook.createdAt', id: 'webhook.id' }, page).getMany();
  }

  /** The webhook with the id that it got. */
  async insert(manager: EntityManager, webhook: Omit<Webhook, 'id'>): Promise<Webhook> {
    return await manager.save(this.webhooks.create(webhook));
  }

  /** The webhook, locked until the transaction ends; null where there is none. */
  async lock(manager: EntityManager, webhookId: number): Promise<Webhook | null> {
    return await manager.findOne(Webhook, { where: { id: webhookId }, lock: { mode: 'pessimistic_write' } });
  }

  async update(manager: EntityManager, webhookId: number, changes: Partial<Omit<Webhook, 'id'>>): Promise<void> {
    await manager.update(Webhook, { id: webhookId }, changes);
  }

  async disable(manager: EntityManager, webhookId: number): Promise<void> {
    await this.update(manager, webhookId, { status: 'disabled' });
  }

  /** False where there was none. */
  async delete(manager: EntityManager, webhookId: number): Promise<boolean> {
    return (await manager.delete(Webhook, { id: webhookId })).affected === 1;
  }
}
