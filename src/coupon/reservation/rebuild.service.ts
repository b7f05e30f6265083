import { Inject, Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../../platform/clock.js';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { FaultPoints } from '../../platform/fault-points.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { CouponConfig } from '../coupon.config.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponExpiredError, CouponNotFoundError, ReservationUnavailableError } from '../coupon.errors.js';
import { CouponRepository } from '../coupon.repository.js';
import { LedgerRepository } from '../ledger.repository.js';
import { CouponChanges } from './coupon-changes.service.js';
import { definitionOf } from './coupon-definition.js';
import { DefinitionPublisher } from './definition-publisher.service.js';
import { type RebuildBase, RebuildRepository } from './rebuild.repository.js';
import { type LastNumber, RebuildStore } from './rebuild.store.js';
import { RedisCouponStore } from './redis-coupon.store.js';
import { ReservationMetrics } from './reservation-metrics.js';

declare module '../../platform/fault-points.js' {
  interface FaultPointNames {
    rebuild: 'during-rebuild';
  }
}

/** How far the clocks of the application and of Redis may be apart. */
const CLOCK_TOLERANCE_MS = 60_000;
/** Between two attempts that reservations start while Redis or MySQL is away. */
const RETRY_MS = 250;
/** Between two looks whether someone else has loaded a coupon. */
const BUSY_RETRY_MS = 20;

/** How an attempt to load a coupon ended; BUSY when someone else is at it, or has taken over. */
type LoadOutcome = 'LOADED' | 'BUSY' | 'FAILED';

/** P6: a coupon whose keys are not complete is closed until they have been filled from MySQL; this is the one way. */
@Injectable()
export class RebuildService {
  private readonly logger = new Logger('Rebuild');
  private readonly loads = new SingleFlight<number, LoadOutcome>();
  private readonly started = new Set<number>();

  constructor(
    private readonly rebuilds: RebuildStore,
    private readonly store: RedisCouponStore,
    private readonly coupons: CouponRepository,
    private readonly epochs: RebuildRepository,
    private readonly ledgerRepository: LedgerRepository,
    private readonly publisher: DefinitionPublisher,
    private readonly changes: CouponChanges,
    private readonly metrics: ReservationMetrics,
    private readonly clock: Clock,
    private readonly faults: FaultPoints,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /** Loads the coupon in the background, unless that is going on or has just failed. */
  start(couponId: number): void {
    if (this.started.has(couponId)) return;
    this.started.add(couponId);
    void this.load(couponId)
      .then((loaded) => (loaded ? undefined : delay(RETRY_MS, undefined, { ref: false })))
      .finally(() => this.started.delete(couponId));
  }

  /**
   * Rebuilds the coupon if it is not loaded. True when it is loaded at the end; false when someone else is at it, or
   * Redis or MySQL is away: the next reserve, or the sweep, tries again. Calls for the same coupon share one rebuild.
   */
  async load(couponId: number): Promise<boolean> {
    return (await this.attempt(couponId)) === 'LOADED';
  }

  /**
   * As `load`, but waits while someone else is at it: another instance's sweep may find a new coupon before the instance
   * that creates it comes to load it. Gives up after about `coupon.rebuild.lockTtlMs`, when the lock of one that was
   * killed is free; with Redis or MySQL away at once.
   */
  async loadOrAwait(couponId: number): Promise<void> {
    const { lockTtlMs } = this.config.coupon.rebuild;
    let outcome = await this.attempt(couponId);
    for (let waitedMs = 0; outcome === 'BUSY' && waitedMs < lockTtlMs; waitedMs += BUSY_RETRY_MS) {
      await delay(BUSY_RETRY_MS);
      outcome = await this.attempt(couponId);
    }
  }

  /**
   * Rebuilds the coupon, loaded or not.
   *
   * @throws CouponNotFoundError, CouponExpiredError, ReservationUnavailableError when Redis is away or a rebuild runs
   */
  async rebuild(couponId: number): Promise<void> {
    const coupon = await this.coupons.find(couponId);
    if (coupon === null) throw new CouponNotFoundError(couponId);
    if (coupon.strategy === 'lock') return;
    if (coupon.expiresAt <= this.clock.now()) throw new CouponExpiredError(couponId);
    try {
      if (!(await this.refill(couponId))) throw new ReservationUnavailableError(couponId);
    } catch (error) {
      throw error instanceof RedisUnavailableError
        ? new ReservationUnavailableError(couponId, { cause: error })
        : error;
    }
  }

  /**
   * Rebuilds the coupon whatever its state, also when it has ended; false when another rebuild of it is going on.
   *
   * @throws RedisUnavailableError, and what the database throws
   */
  async refill(couponId: number): Promise<boolean> {
    return await this.fill(couponId, { unlessLoaded: false });
  }

  private async fill(couponId: number, when: { readonly unlessLoaded: boolean }): Promise<boolean> {
    if (when.unlessLoaded && (await this.store.inspect(couponId)).loaded) return true;
    // First: when MySQL does not give the row, nothing may be closed that it could not open again.
    await this.assertWritable(couponId);
    const token = randomUUID();
    try {
      const begun = await this.rebuilds.beginRebuild(couponId, token, when);
      if (begun === 'LOADED') return true;
      if (begun === 'BUSY') return false;
      return await this.fillClosed(couponId, token, begun);
    } finally {
      // Also when there was no answer in time: the lock that is taken then all the same is given back by what follows.
      await this.rebuilds.endRebuild(couponId, token);
    }
  }

  /** @throws CouponNotFoundError, and what the database throws when the coupon's row can't be had */
  private async assertWritable(couponId: number): Promise<void> {
    await this.changes.run(couponId, async (manager) => {
      if ((await this.coupons.lock(manager, couponId)) === null) throw new CouponNotFoundError(couponId);
    });
  }

  private async fillClosed(couponId: number, token: string, last: LastNumber): Promise<boolean> {
    const stopRenewing = this.keepLock(couponId, token);
    let result = 'failed';
    try {
      const isOpen = await this.fillFromMySql(couponId, token, last);
      result = isOpen ? 'rebuilt' : 'superseded';
      return isOpen;
    } finally {
      stopRenewing();
      this.metrics.rebuilds.inc({ result });
    }
  }

  /** Renews the lock by the clock and not by progress: MySQL may take longer over one step than the lock lives. */
  private keepLock(couponId: number, token: string): () => void {
    const renew = (): void => {
      this.rebuilds.renewLock(couponId, token).catch((error: unknown) => {
        // One that was lost is noticed by the next step, which it refuses.
        if (!(error instanceof RedisUnavailableError)) this.logger.error(`coupon ${couponId}: lock`, stackOf(error));
      });
    };
    const timer = setInterval(renew, this.config.coupon.rebuild.lockTtlMs / 3);
    return () => clearInterval(timer);
  }

  private async attempt(couponId: number): Promise<LoadOutcome> {
    return await this.loads.run(couponId, () => this.tryToLoad(couponId));
  }

  private async tryToLoad(couponId: number): Promise<LoadOutcome> {
    try {
      return (await this.fill(couponId, { unlessLoaded: true })) ? 'LOADED' : 'BUSY';
    } catch (error) {
      const isExpected =
        error instanceof RedisUnavailableError || error instanceof CouponNotFoundError || isDatabaseUnavailable(error);
      if (!isExpected) this.logger.error(`coupon ${couponId}: rebuild failed`, stackOf(error));
      return 'FAILED';
    }
  }

  /** Fills the keys of a closed coupon from MySQL and opens it; false when the lock was lost meanwhile. */
  private async fillFromMySql(couponId: number, token: string, last: LastNumber): Promise<boolean> {
    const endTimer = this.metrics.rebuildSeconds.startTimer();
    const base = await this.beginEpoch(couponId, last);
    const users = await this.copyUsers(couponId, token);
    if (users === undefined) return false;
    this.faults.reach('during-rebuild');
    const coupon = await this.coupons.find(couponId);
    if (coupon === null) throw new CouponNotFoundError(couponId);
    if (!(await this.rebuilds.swapRebuilt(definitionOf(coupon), token, { ...base, users }))) return false;
    // A PATCH may have committed between the look at MySQL and the swap.
    await this.publisher.publish(couponId);
    const seconds = endTimer().toFixed(3);
    this.logger.log(
      `coupon ${couponId} rebuilt from MySQL in ${seconds} s: epoch ${base.epoch}, ${users} issued, ` +
        `numbers above ${base.sequenceBase}`,
    );
    return true;
  }

  private async beginEpoch(couponId: number, last: LastNumber): Promise<RebuildBase> {
    return await this.changes.run(couponId, async (manager) => {
      const coupon = await this.coupons.lock(manager, couponId);
      if (coupon === null) throw new CouponNotFoundError(couponId);
      await this.epochs.beginEpoch(manager, couponId);
      const inLedger = await this.epochs.greatestNumber(manager, couponId);
      if (last.isCertain && inLedger <= last.number) await this.epochs.keepSequenceBase(manager, couponId, last.number);
      else if (!this.nothingWasGivenOut(coupon) || last.number > 0 || inLedger > 0)
        await this.epochs.raiseSequenceBase(manager, couponId, Math.max(last.number, inLedger));
      const base = await this.epochs.base(manager, couponId);
      if (base === undefined) throw new CouponNotFoundError(couponId);
      return base;
    });
  }

  /**
   * True for a coupon never loaded, or whose window has not opened yet since it was created: nobody has changed it, nor
   * granted it, which makes its version 2.
   */
  private nothingWasGivenOut({ epoch, version, startsAt }: Coupon): boolean {
    const notOpenYet = startsAt.getTime() > this.clock.now().getTime() + CLOCK_TOLERANCE_MS;
    return epoch === 0 || (version === 1 && notOpenYet);
  }

  /** Copies the users with a row into the rebuild's set; how many, or undefined when the lock was lost. */
  private async copyUsers(couponId: number, token: string): Promise<number | undefined> {
    const { chunkSize } = this.config.coupon.rebuild;
    let copied = 0;
    let lastUserId = 0;
    for (;;) {
      const userIds = await this.ledgerRepository.usersAfter(couponId, lastUserId, chunkSize);
      if (userIds.length === 0) return copied;
      if (!(await this.rebuilds.addRebuiltUsers(couponId, token, userIds))) return undefined;
      copied += userIds.length;
      lastUserId = userIds.at(-1) as number;
    }
  }
}
