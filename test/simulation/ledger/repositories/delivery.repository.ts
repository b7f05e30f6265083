import type { EntityManager } from 'typeorm';
import type {
  Attempt,
  DeliveryRepository,
  DueSubject,
  NextEvent,
} from '../../../../src/events/relay/delivery.repository.js';
import type { SendResult } from '../../../../src/events/relay/sink.js';
import type { ProgressRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import type { View } from '../view.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

const GIVEN_UP_AFTER_MS = 3 * 24 * 60 * 60 * 1000;

/** The statements of the real one, over the simulated tables. */
export class SimulatedDeliveryRepository implements PublicPart<DeliveryRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async findDue(sink: string, limit: number): Promise<DueSubject[]> {
    return await this.outside.run(
      reading('delivery.findDue', (view) =>
        view
          .rowsOf(view.tables.progress.bySubject, sink)
          .filter(({ nextAttemptAt }) => nextAttemptAt <= view.now)
          .sort((a, b) => a.nextAttemptAt.getTime() - b.nextAttemptAt.getTime())
          .slice(0, limit)
          .map(({ subject, attempts }) => ({ subject, failures: attempts })),
      ),
    );
  }

  async findNext(sink: string, subjects: readonly string[]): Promise<NextEvent[]> {
    return await this.outside.run(
      reading('delivery.findNext', (view) =>
        subjects.flatMap((subject) => {
          const [first] = pendingOf(view, sink, subject);
          const row = first && view.find(view.tables.outbox.byPosition, [subject, first.position]);
          if (first === undefined || row === undefined) return [];
          const { position, type, couponId, content, occurredAt } = row;
          const event = { subject, position, type, occurredAt, couponId: couponId ?? undefined };
          return [{ deliveryId: first.id, event: { ...event, content: JSON.parse(content) as unknown } }];
        }),
      ),
    );
  }

  async markDelivered(manager: EntityManager, sink: string, attempts: readonly Attempt[]): Promise<void> {
    const subjects = attempts.map(({ subject }) => subject);
    await this.lockProgress(manager, sink, subjects);
    await runnerOf(manager).run(
      locking('delivery.markDelivered', function* (view) {
        for (const { deliveryId } of attempts) {
          yield* view.update(view.tables.deliveries.byId, [deliveryId], (row) => ({
            ...row,
            status: 'DELIVERED' as const,
          }));
        }
      }),
    );
    await this.goOn(manager, sink, subjects);
  }

  async markFailed(
    manager: EntityManager,
    sink: string,
    { subject }: Attempt,
    _result: SendResult,
    retryInMs: number,
  ): Promise<boolean> {
    await this.lockProgress(manager, sink, [subject]);
    return await runnerOf(manager).run(
      locking('delivery.markFailed', function* (view) {
        let failingSince = view.now;
        yield* view.update(view.tables.progress.bySubject, [sink, subject], (row) => {
          failingSince = row.failingSince ?? view.now;
          const nextAttemptAt = new Date(view.now.getTime() + Math.ceil(retryInMs));
          return { ...row, attempts: row.attempts + 1, failingSince, nextAttemptAt };
        });
        return failingSince.getTime() <= view.now.getTime() - GIVEN_UP_AFTER_MS;
      }),
    );
  }

  async markCaughtUp(manager: EntityManager, sink: string, subjects: readonly string[]): Promise<void> {
    await this.lockProgress(manager, sink, subjects);
    await this.goOn(manager, sink, subjects);
  }

  async makeDue(manager: EntityManager, sink: string): Promise<void> {
    await runnerOf(manager).run(
      locking('delivery.makeDue', function* (view) {
        for (const { subject } of view.rowsOf(view.tables.progress.bySubject, sink)) {
          yield* view.update(view.tables.progress.bySubject, [sink, subject], (row) => isDueAgain(row, view.now));
        }
      }),
    );
  }

  private async lockProgress(manager: EntityManager, sink: string, subjects: readonly string[]): Promise<void> {
    await runnerOf(manager).run(
      locking('delivery.lockProgress', function* (view) {
        for (const subject of [...subjects].sort()) yield* view.lock(view.tables.progress.bySubject, [sink, subject]);
      }),
    );
  }

  private async goOn(manager: EntityManager, sink: string, subjects: readonly string[]): Promise<void> {
    const runner = runnerOf(manager);
    const behind = await runner.run(
      reading('delivery.findPending', (view) =>
        subjects.filter((subject) => pendingOf(view, sink, subject).length > 0),
      ),
    );
    await runner.run(
      locking('delivery.goOn', function* (view) {
        const { bySubject } = view.tables.progress;
        for (const subject of subjects) {
          if (behind.includes(subject)) {
            yield* view.update(bySubject, [sink, subject], (row) => isDueAgain(row, view.now));
          } else {
            yield* view.delete(bySubject, [sink, subject]);
          }
        }
      }),
    );
  }
}

function isDueAgain(row: ProgressRow, now: Date): ProgressRow {
  return { ...row, attempts: 0, failingSince: null, nextAttemptAt: now };
}

function pendingOf(view: View, sink: string, subject: string) {
  return view
    .rowsOf(view.tables.deliveries.byEvent, sink)
    .filter((row) => row.subject === subject && row.status === 'PENDING')
    .sort((a, b) => a.position - b.position);
}
