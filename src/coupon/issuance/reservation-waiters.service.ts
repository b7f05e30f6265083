import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { hasEnded, type ReservationEnding, type ReservationReading } from '../reservation-reading.js';
import { OutcomeChannels } from '../reservation/outcome-channels.store.js';
import type { Reservation } from '../reservation/reservation.js';
import { ReservationReader } from './reservation-reader.service.js';
import { ReservationWaiter, type Wait } from './reservation-waiter.js';
import { WaiterLimits } from './waiter-limits.js';

/** How often it is looked who is to be read again. */
const LOOK_MS = 250;

/** Those who wait for reservations of one coupon. */
class CouponWaiters {
  readonly byUser = new Map<number, Set<ReservationWaiter>>();
  /** Of these, callers of `/issue`. */
  issuing = 0;
}

/**
 * Tells callers who wait how their reservation ends. What this instance settles is announced to them at once. What another
 * one settles is read: when it gives a hint, when hints may have been lost, and else from time to time. A read that fails
 * is left out; so an outage makes nobody's answer an error, only late.
 */
@Injectable()
export class ReservationWaiters implements OnModuleDestroy {
  private readonly logger = new Logger('Waiters');
  private readonly coupons = new Map<number, CouponWaiters>();
  private readonly waiters = new Set<ReservationWaiter>();
  private readonly hints: Counter;
  private readonly reads: Counter<'result'>;
  private looking: NodeJS.Timeout | undefined;
  private isReading = false;
  private isStopped = false;

  constructor(
    private readonly channels: OutcomeChannels,
    private readonly reader: ReservationReader,
    private readonly limits: WaiterLimits,
    registry: MetricsRegistry,
  ) {
    this.hints = registry.counter(
      'firstcome_waiter_hints_total',
      'Messages by which other instances told of reservations of coupons that somebody waits for here.',
    );
    this.reads = registry.counter(
      'firstcome_waiter_reads_total',
      'Reservations read anew for who waits for them, by result; failed: Redis or MySQL could not be asked.',
      'result',
      ['read', 'failed'],
    );
    channels.onHint((couponId, userIds) => this.hinted(couponId, userIds));
    channels.onGap((couponIds) => this.missed(couponIds));
  }

  /** Answers all but the callers of `/issue`, whose reservations are on their way in this process, with what is known. */
  onModuleDestroy(): void {
    this.isStopped = true;
    for (const waiter of this.waiters) waiter.stop();
  }

  /** Listens for what other instances settle of the coupon: for whoever will soon wait. Takes 100 ms at most. */
  async prepare(couponId: number): Promise<void> {
    await this.channels.prepare(couponId);
  }

  /**
   * Tells of the reservation until {@link leave}. Whoever has not read it yet does so after this, and tells the waiter.
   *
   * @throws TooManyWaitersError
   */
  enter(wait: Wait): ReservationWaiter {
    const { couponId, userId, kind } = wait;
    this.limits.enter(kind, userId);
    this.channels.hold(couponId);
    const waiter = new ReservationWaiter(wait);
    this.waiters.add(waiter);
    const ofCoupon = this.coupons.get(couponId) ?? new CouponWaiters();
    this.coupons.set(couponId, ofCoupon);
    const ofUser = ofCoupon.byUser.get(userId) ?? new Set();
    ofCoupon.byUser.set(userId, ofUser.add(waiter));
    if (kind === 'issue') ofCoupon.issuing += 1;
    this.looking ??= setInterval(() => void this.look(), LOOK_MS).unref();
    if (this.isStopped) waiter.stop();
    return waiter;
  }

  /** A second time does nothing. */
  leave(waiter: ReservationWaiter): void {
    if (!this.waiters.delete(waiter)) return;
    const { couponId, userId, kind } = waiter.wait;
    const ofCoupon = this.coupons.get(couponId);
    const ofUser = ofCoupon?.byUser.get(userId);
    ofUser?.delete(waiter);
    if (ofUser?.size === 0) ofCoupon?.byUser.delete(userId);
    if (ofCoupon !== undefined && kind === 'issue') ofCoupon.issuing -= 1;
    if (ofCoupon?.byUser.size === 0) this.coupons.delete(couponId);
    this.limits.leave(kind, userId);
    this.channels.release(couponId);
    if (this.waiters.size > 0) return;
    clearInterval(this.looking);
    this.looking = undefined;
  }

  /** For a caller of `/issue`: how the reservation ended, or undefined when that is not known within `timeoutMs`. */
  async outcome(
    couponId: number,
    { userId, sequenceNumber }: Reservation,
    timeoutMs: number,
  ): Promise<ReservationEnding | undefined> {
    return await new Promise((resolve) => {
      const end = (ending?: ReservationEnding): void => {
        clearTimeout(timer);
        this.leave(waiter);
        resolve(ending);
      };
      const timer = setTimeout(end, timeoutMs);
      const waiter = this.enter({
        couponId,
        userId,
        kind: 'issue',
        known: { status: 'RESERVED', sequenceNumber },
        onNews: (reading) => hasEnded(reading) && end(reading),
      });
    });
  }

  /** A caller of `/issue` waits for a reservation of this coupon. */
  areAwaited(couponId: number): boolean {
    return (this.coupons.get(couponId)?.issuing ?? 0) > 0;
  }

  /** Someone waits for the user's reservation. */
  isAwaited(couponId: number, userId: number): boolean {
    return this.coupons.get(couponId)?.byUser.has(userId) ?? false;
  }

  announce(couponId: number, userId: number, reading: ReservationReading): void {
    // Whoever hears of the end leaves, which the iteration bears.
    for (const waiter of this.coupons.get(couponId)?.byUser.get(userId) ?? []) waiter.tell(reading);
  }

  private hinted(couponId: number, userIds: readonly number[]): void {
    const ofCoupon = this.coupons.get(couponId);
    if (ofCoupon === undefined) return;
    this.hints.inc();
    for (const userId of userIds) for (const waiter of ofCoupon.byUser.get(userId) ?? []) waiter.becomeDue();
    void this.look();
  }

  private missed(couponIds: readonly number[]): void {
    for (const couponId of couponIds) {
      for (const ofUser of this.coupons.get(couponId)?.byUser.values() ?? []) {
        for (const waiter of ofUser) waiter.becomeDue();
      }
    }
    void this.look();
  }

  /** Reads those who are due, and then those who have become due meanwhile. */
  private async look(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    for (let due = this.takeDue(); due.size > 0; due = this.takeDue()) await this.readAnew(due);
    this.isReading = false;
  }

  private takeDue(): Map<number, number[]> {
    const now = performance.now();
    const due = new Map<number, Set<number>>();
    for (const waiter of this.waiters) {
      if (!waiter.isDue(now)) continue;
      waiter.beginRead(now);
      const { couponId, userId } = waiter.wait;
      due.set(couponId, (due.get(couponId) ?? new Set()).add(userId));
    }
    return new Map([...due].map(([couponId, userIds]) => [couponId, [...userIds]]));
  }

  private async readAnew(due: ReadonlyMap<number, readonly number[]>): Promise<void> {
    const count = [...due.values()].reduce((sum, { length }) => sum + length, 0);
    try {
      const found = await this.reader.read(due);
      this.reads.inc({ result: 'read' }, count);
      for (const { couponId, userId, reading } of found) this.announce(couponId, userId, reading);
    } catch (error) {
      this.reads.inc({ result: 'failed' }, count);
      if (!isDatabaseUnavailable(error)) this.logger.error('who waits could not be read anew', stackOf(error));
    }
  }
}
