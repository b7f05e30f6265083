import type { Logger } from '@nestjs/common';
import type { Courier } from './courier.service.js';
import type { DeliveryRepository, DueSubject } from './delivery.repository.js';
import type { Term } from './relay-lease.service.js';
import type { RelayTrouble } from './relay-trouble.js';
import type { RelayTurns } from './relay-turns.js';
import type { SendResult, Sink } from './sink.js';

export interface LaneServices {
  readonly courier: Courier;
  readonly deliveries: DeliveryRepository;
  readonly turns: RelayTurns;
  readonly trouble: RelayTrouble;
  readonly logger: Logger;
}

interface Work {
  readonly sink: Sink;
  readonly term: Term;
}

/**
 * What is sent to one sink: one event at a time of each subject, of so many subjects at once as the sink takes. It waits
 * for nobody else's sink. Woken, it goes on until nothing is due; after a failure of our own it waits to be woken.
 */
export class DeliveryLane {
  private work: Work | undefined;
  private readonly inHand = new Set<string>();
  private readonly underWay = new Set<Promise<boolean>>();
  private isLooking = false;
  private isAskedAgain = false;
  /** When the sink took nothing for the first time since it took something. */
  private failingSince: number | undefined;

  constructor(private readonly services: LaneServices) {}

  /** Sends what is due, to the sink as it is now. */
  wake(sink: Sink, term: Term): void {
    this.work = { sink, term };
    void this.goOn();
  }

  /** Begins nothing more. */
  rest(): void {
    this.work = undefined;
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.underWay.size === 0;
  }

  /** Resolves when nothing is under way. */
  async isQuiet(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private async goOn(): Promise<void> {
    this.isAskedAgain = true;
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      while (this.isAskedAgain) {
        this.isAskedAgain = false;
        await this.look();
      }
    } catch (error) {
      this.services.trouble.report(error);
    } finally {
      this.isLooking = false;
    }
  }

  private async look(): Promise<void> {
    const { work } = this;
    if (work === undefined) return;
    const { key, maxBatch, maxConcurrent } = work.sink;
    const free = maxConcurrent - this.underWay.size;
    if (free <= 0) return;
    const { deliveries, turns } = this.services;
    const found = await turns.run(() => deliveries.findDue(key, this.inHand.size + free * maxBatch));
    const due = found.filter(({ subject }) => !this.inHand.has(subject)).slice(0, free * maxBatch);
    for (let first = 0; first < due.length; first += maxBatch) this.begin(work, due.slice(first, first + maxBatch));
  }

  private begin({ sink, term }: Work, due: readonly DueSubject[]): void {
    if (this.work === undefined || term.over.aborted) return;
    for (const { subject } of due) this.inHand.add(subject);
    const delivery = this.deliver({ sink, term }, due);
    this.underWay.add(delivery);
    void this.goOnAfter(delivery, due);
  }

  private async goOnAfter(delivery: Promise<boolean>, due: readonly DueSubject[]): Promise<void> {
    const isWell = await delivery;
    this.underWay.delete(delivery);
    for (const { subject } of due) this.inHand.delete(subject);
    if (isWell) await this.goOn();
  }

  /** False after a failure of our own. */
  private async deliver({ sink, term }: Work, due: readonly DueSubject[]): Promise<boolean> {
    try {
      const result = await this.services.courier.deliver(sink, term, due);
      if (result !== undefined) this.tell(sink, result);
      return true;
    } catch (error) {
      this.services.trouble.report(error);
      return false;
    }
  }

  /** One line when a sink no longer takes what it is sent, and one when it does again. */
  private tell({ key }: Sink, { isDelivered, error }: SendResult): void {
    const { logger } = this.services;
    if (!isDelivered && this.failingSince === undefined) {
      this.failingSince = performance.now();
      logger.warn(`${key}: does not take what it is sent (${error ?? ''}); it is tried again`);
    } else if (isDelivered && this.failingSince !== undefined) {
      logger.log(`${key}: takes events again after ${((performance.now() - this.failingSince) / 1000).toFixed(1)} s`);
      this.failingSince = undefined;
    }
  }
}
