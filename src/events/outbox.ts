import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { PublishAfterCommit } from '../platform/database/transaction-runner.js';
import { OutboxWrittenEvent } from './outbox-written.event.js';
import { OutboxRepository } from './outbox.repository.js';
import type { EventData, EventType, ToldEvent } from './told-event.js';

type Describer = (event: ToldEvent) => Promise<EventData>;

/**
 * P12 begins here: what is decided is written beside the decision, in its transaction, so that it is told if and only if
 * it was committed. For the modules that decide this is all there is of telling others.
 */
@Injectable()
export class Outbox {
  private readonly describers = new Map<EventType, Describer>();

  constructor(private readonly repository: OutboxRepository) {}

  /**
   * Writes what this transaction has decided. Positions come from a row of the subject that the transaction has locked:
   * so they are in the order of the commits, each given once.
   *
   * @throws a duplicate key when a position is taken, and what the database throws
   */
  async write(manager: EntityManager, publish: PublishAfterCommit, events: readonly ToldEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.repository.insert(manager, events);
    publish(new OutboxWrittenEvent());
  }

  /** The next position of a subject that no row can count, because it was deleted; another may take it at once. */
  async nextPosition(manager: EntityManager, subject: string): Promise<number> {
    return await this.repository.nextPosition(manager, subject);
  }

  /** Says how events of this type are told in full. The describer is given what was written, and may read what it names. */
  describe<Content>(type: EventType, describer: (event: ToldEvent<Content>) => Promise<EventData>): void {
    this.describers.set(type, describer as Describer);
  }

  /** The `data` of an event, for those who tell it. @throws what the describer throws */
  async dataOf(event: ToldEvent): Promise<EventData> {
    const describer = this.describers.get(event.type);
    if (describer === undefined) throw new Error(`nobody describes ${event.type}`);
    return await describer(event);
  }
}
