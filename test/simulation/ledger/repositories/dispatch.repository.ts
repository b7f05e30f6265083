import type { EntityManager } from 'typeorm';
import type { DispatchRepository, NewDelivery, Waiting } from '../../../../src/events/relay/dispatch.repository.js';
import type { EventHead } from '../../../../src/events/relay/sink.js';
import { locking, reading } from '../statement.js';
import type { View } from '../view.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedDispatchRepository implements PublicPart<DispatchRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async findWaiting(): Promise<Waiting> {
    return await this.outside.run(
      reading('dispatch.findWaiting', (view) => {
        const due = view.rows(view.tables.progress.bySubject).filter(({ nextAttemptAt }) => nextAttemptAt <= view.now);
        return {
          isAnyUndispatched: undispatched(view).length > 0,
          dueSinks: [...new Set(due.map(({ sink }) => sink))].sort(),
        };
      }),
    );
  }

  async findUndispatched(limit: number): Promise<EventHead[]> {
    return await this.outside.run(
      reading('dispatch.findUndispatched', (view) =>
        undispatched(view)
          .sort((a, b) => (a.subject === b.subject ? a.position - b.position : a.subject < b.subject ? -1 : 1))
          .slice(0, limit)
          .map(({ subject, position, type, couponId }) => ({
            subject,
            position,
            type,
            couponId: couponId ?? undefined,
          })),
      ),
    );
  }

  async dispatch(
    manager: EntityManager,
    events: readonly EventHead[],
    deliveries: readonly NewDelivery[],
  ): Promise<void> {
    const runner = runnerOf(manager);
    if (deliveries.length > 0) {
      await runner.run(
        locking('dispatch.insertProgress', function* (view) {
          const { progress } = view.tables;
          for (const { sink, event } of deliveries) {
            const key = [sink, event.subject] as const;
            const row = { sink, subject: event.subject, attempts: 0, failingSince: null, nextAttemptAt: view.now };
            yield* view.insertUnlessThere(progress, progress.bySubject, row);
            yield* view.update(progress.bySubject, key, (found) =>
              found.failingSince === null ? { ...found, nextAttemptAt: view.now } : undefined,
            );
          }
        }),
      );
      await runner.run(
        locking('dispatch.insertDeliveries', function* (view) {
          const table = view.tables.deliveries;
          for (const { sink, event } of deliveries) {
            const { subject, position } = event;
            const row = { id: table.takeId(), sink, subject, position, status: 'PENDING' as const };
            yield* view.insertUnlessThere(table, table.byEvent, row);
          }
        }),
      );
    }
    await runner.run(
      locking('dispatch.markDispatched', function* (view) {
        for (const { subject, position } of events) {
          yield* view.update(view.tables.outbox.byPosition, [subject, position], (row) => ({
            ...row,
            isDispatched: true,
          }));
        }
      }),
    );
  }
}

function undispatched(view: View) {
  return view.rows(view.tables.outbox.byPosition).filter(({ isDispatched }) => !isDispatched);
}
