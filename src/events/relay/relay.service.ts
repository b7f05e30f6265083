import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../platform/config/config.module.js';
import { On } from '../../platform/events/on.decorator.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import type { EventsConfig } from '../events.config.js';
import { DeliveryLanes } from './delivery-lanes.service.js';
import { DispatchRepository } from './dispatch.repository.js';
import { Dispatcher } from './dispatcher.service.js';
import { RelayLease } from './relay-lease.service.js';
import { RelayTrouble } from './relay-trouble.js';

/** Of the lease: two more attempts to prolong it before it is over. */
const RENEWALS = 3;
/** In a drop a batch is written every few milliseconds: one look for some of them leaves the rest to the ledger. */
const NUDGE_MS = 10;
/** At the end of the application: for what is being sent, and then for noting that the term is over. */
const PATIENCE_MS = 500;

/**
 * Tells other systems what was decided (P12), on one instance at a time: gives new events to the sinks that want them,
 * and has them sent. Looks every `outbox.pollIntervalMs`, and soon after this instance has written something.
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private isLooking = false;
  private isAskedAgain = false;
  private isEnding = false;
  private nudged: NodeJS.Timeout | undefined;

  constructor(
    private readonly lease: RelayLease,
    private readonly repository: DispatchRepository,
    private readonly dispatcher: Dispatcher,
    private readonly lanes: DeliveryLanes,
    private readonly trouble: RelayTrouble,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: EventsConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { pollIntervalMs, leaseMs } = this.config.outbox;
    this.intervals.every('relay', pollIntervalMs, () => this.look(), { atOnce: true });
    this.intervals.every('relay-lease', leaseMs / RENEWALS, () => this.renew());
  }

  /** Lets go of the lease, so that another instance goes on at once. What is being sent has half a second to end. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    this.lanes.rest();
    await this.butNotForLong(this.lanes.areQuiet());
    await this.butNotForLong(this.lease.giveUp());
    await this.butNotForLong(this.lanes.areQuiet());
  }

  /** Soon, for all that is written until then. Without anybody to tell, what is written is dispatched by the looks alone. */
  @On('outbox.written')
  lookSoon(): void {
    if (this.nudged !== undefined || this.lease.term === undefined || !this.dispatcher.hasSinks) return;
    this.nudged = setTimeout(() => {
      this.nudged = undefined;
      void this.look();
    }, NUDGE_MS).unref();
  }

  /** Dispatches and sends what there is, on the instance whose turn it is. Whoever asks during a look has another follow. */
  async look(): Promise<void> {
    this.isAskedAgain = true;
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      while (this.isAskedAgain && !this.isEnding) {
        this.isAskedAgain = false;
        await this.lookOnce();
      }
    } catch (error) {
      this.trouble.report(error);
    } finally {
      this.isLooking = false;
    }
  }

  private async lookOnce(): Promise<void> {
    const term = await this.lease.take();
    if (term === undefined) return;
    const { isAnyUndispatched, dueSinks } = await this.repository.findWaiting();
    const served = isAnyUndispatched ? await this.dispatcher.dispatchAll(term) : [];
    const due = new Set([...dueSinks, ...served]);
    if (due.size > 0 && !this.isEnding) await this.lanes.wake(term, due);
  }

  private async renew(): Promise<void> {
    try {
      await this.lease.renew();
    } catch (error) {
      this.trouble.report(error);
    }
  }

  private async butNotForLong(work: Promise<void>): Promise<void> {
    const patience = new AbortController();
    const ended = work.catch((error: unknown) => this.trouble.report(error)).finally(() => patience.abort());
    await Promise.race([ended, delay(PATIENCE_MS, undefined, { ref: false, signal: patience.signal }).catch(() => {})]);
  }
}
