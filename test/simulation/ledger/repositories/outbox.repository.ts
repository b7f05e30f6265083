import type { EntityManager } from 'typeorm';
import type { OutboxRepository } from '../../../../src/events/outbox.repository.js';
import type { ToldEvent } from '../../../../src/events/told-event.js';
import { locking, reading } from '../statement.js';
import { type PublicPart, runnerOf } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedOutboxRepository implements PublicPart<OutboxRepository> {
  async insert(manager: EntityManager, events: readonly ToldEvent[]): Promise<void> {
    await runnerOf(manager).run(
      locking('outbox.insert', (view) =>
        view.insert(
          view.tables.outbox,
          events.map(({ subject, position, type, couponId = null, content, occurredAt }) => {
            const text = JSON.stringify(content);
            return { subject, position, type, couponId, content: text, occurredAt, isDispatched: false };
          }),
        ),
      ),
    );
  }

  async nextPosition(manager: EntityManager, subject: string): Promise<number> {
    return await runnerOf(manager).run(
      reading(
        'outbox.nextPosition',
        (view) =>
          Math.max(0, ...view.rowsOf(view.tables.outbox.byPosition, subject).map(({ position }) => position)) + 1,
      ),
    );
  }
}
