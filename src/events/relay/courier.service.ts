import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { FaultPoints } from '../../platform/fault-points.js';
import { type CloudEvent, cloudEvent } from '../cloud-event.js';
import { Outbox } from '../outbox.js';
import { DeliveryRepository, type DueSubject, type NextEvent } from './delivery.repository.js';
import { RelayLease, type Term } from './relay-lease.service.js';
import { RelayMetrics } from './relay-metrics.js';
import { RelayTrouble } from './relay-trouble.js';
import { RelayTurns } from './relay-turns.js';
import { retryDelayMs } from './retry-delay.js';
import type { SendResult, Sink } from './sink.js';

declare module '../../platform/fault-points.js' {
  interface FaultPointNames {
    relay: 'after-send';
  }
}

interface Parcel extends NextEvent {
  readonly cloudEvent: CloudEvent;
}

/** Sends the next events of some subjects to a sink, and notes how that ended. */
@Injectable()
export class Courier {
  private readonly logger = new Logger('Relay');

  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly outbox: Outbox,
    private readonly lease: RelayLease,
    private readonly turns: RelayTurns,
    private readonly trouble: RelayTrouble,
    private readonly metrics: RelayMetrics,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Sends one event of each subject, all of them at once. What becomes of an event that cannot be described concerns its
   * own subject only.
   *
   * @returns how sending ended; undefined when nothing was sent, or when nobody is to hear of it any more
   * @throws LeaseLostError, and what the database throws: then an event that was sent is sent again
   */
  async deliver(sink: Sink, term: Term, due: readonly DueSubject[]): Promise<SendResult | undefined> {
    const failures = new Map(due.map(({ subject, failures: inARow }) => [subject, inARow]));
    const next = await this.turns.run(() => this.deliveries.findNext(sink.key, [...failures.keys()]));
    await this.leaveCaughtUp(sink, term, due, next);
    const parcels = await this.describe(sink, term, next, failures);
    if (parcels.length === 0 || term.over.aborted) return undefined;
    const result = await sink.send(
      parcels.map((parcel) => parcel.cloudEvent),
      term.over,
    );
    if (term.over.aborted) return undefined;
    this.faults.reach('after-send');
    this.metrics.deliveries.inc(
      { kind: sink.kind, result: result.isDelivered ? 'delivered' : 'failed' },
      parcels.length,
    );
    if (result.isDelivered) await this.markDelivered(sink, term, parcels, result);
    else await this.markFailed(sink, term, parcels, result, failures);
    return result;
  }

  /** A subject of which nothing is left: what was pending was deleted with its outbox. */
  private async leaveCaughtUp(
    sink: Sink,
    term: Term,
    due: readonly DueSubject[],
    next: readonly NextEvent[],
  ): Promise<void> {
    const found = new Set(next.map(({ event }) => event.subject));
    const caughtUp = due.flatMap(({ subject }) => (found.has(subject) ? [] : [subject]));
    if (caughtUp.length === 0) return;
    await this.inTerm(term, (manager) => this.deliveries.markCaughtUp(manager, sink.key, caughtUp));
  }

  private async describe(
    sink: Sink,
    term: Term,
    next: readonly NextEvent[],
    failures: ReadonlyMap<string, number>,
  ): Promise<Parcel[]> {
    const parcels: Parcel[] = [];
    for (const { deliveryId, event } of next) {
      try {
        const data = await this.turns.run(() => this.outbox.dataOf(event));
        parcels.push({ deliveryId, event, cloudEvent: cloudEvent(event, data) });
      } catch (error) {
        if (isDatabaseUnavailable(error)) throw error;
        this.trouble.report(error, `${event.subject}: event ${event.position} cannot be described, and waits`);
        const result = {
          isDelivered: false,
          responseStatus: null,
          error: `cannot be described: ${messageOf(error)}`,
        };
        await this.markFailure(sink, term, { deliveryId, event }, result, failures);
      }
    }
    return parcels;
  }

  private async markDelivered(
    sink: Sink,
    term: Term,
    parcels: readonly Parcel[],
    { responseStatus }: SendResult,
  ): Promise<void> {
    const attempts = parcels.map(({ deliveryId, event: { subject } }) => ({ deliveryId, subject }));
    await this.inTerm(term, (manager) => this.deliveries.markDelivered(manager, sink.key, attempts, responseStatus));
  }

  private async markFailed(
    sink: Sink,
    term: Term,
    parcels: readonly Parcel[],
    result: SendResult,
    failures: ReadonlyMap<string, number>,
  ): Promise<void> {
    let isGivenUp = false;
    for (const parcel of parcels) {
      if (await this.markFailure(sink, term, parcel, result, failures)) isGivenUp = true;
    }
    if (!isGivenUp || sink.disable === undefined) return;
    await this.inTerm(term, async (manager) => sink.disable?.(manager));
    this.logger.error(`${sink.key}: is disabled after three days without success (${result.error ?? ''})`);
  }

  private async markFailure(
    sink: Sink,
    term: Term,
    { deliveryId, event: { subject } }: NextEvent,
    result: SendResult,
    failures: ReadonlyMap<string, number>,
  ): Promise<boolean> {
    const retryInMs = retryDelayMs(failures.get(subject) ?? 0);
    return await this.inTerm(term, (manager) =>
      this.deliveries.markFailed(manager, sink.key, { deliveryId, subject }, result, retryInMs),
    );
  }

  private async inTerm<T>(term: Term, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return await this.turns.run(() => this.lease.run(term, work));
  }
}
