import { reservationKeys } from '../../../src/coupon/reservation/reservation-keys.js';
import { DomainError } from '../../../src/platform/errors/domain-error.js';
import { stackOf } from '../../../src/platform/errors/error-text.js';
import { InternalError } from '../../../src/platform/errors/platform.errors.js';
import { toDomainError } from '../../../src/platform/errors/to-domain-error.js';
import type { FailureRow, OrderRow, UserCouponRow, WrittenRows } from '../ledger/rows.js';
import type { LedgerSite } from '../ledger/ledger-site.js';
import type { RedisFleet } from '../redis/redis-fleet.js';
import type { ScriptWatch } from '../redis/redis-site.js';
import type { Receiver } from '../sinks/receiver.js';
import type { Party } from '../world/party.js';
import type { World } from '../world/world.js';
import { CouponObserver } from './coupon-observer.js';
import { OrderObserver } from './order-observer.js';
import { OutboxObserver } from './outbox-observer.js';
import type { Loss } from './redis-faults.js';
import type { Plan } from './plan.js';
import { RankingObserver } from './ranking-observer.js';
import { RelayObserver } from './relay-observer.js';
import { UseByObserver } from './use-by-observer.js';
import { Violation } from './violation.js';

/** What the checks need to know of a plan. */
export type ObservedPlan = Pick<Plan, 'coupons' | 'settings' | 'shardInTrouble'>;

/** From then on every coupon is loaded, unless something was wrong. */
const LOADED_MS = 3000;

/** For the mapper of errors: no request comes by HTTP. */
const REQUEST = { id: 'simulated', method: 'CALL', url: '/' };

/**
 * Sees everything that happens in both stores and everything that callers are told, and says when a promise is broken.
 * It knows from itself who was admitted, and believes nothing that the application says.
 */
export class Observer {
  readonly orders: OrderObserver;
  readonly useBy: UseByObserver;
  readonly ranking: RankingObserver;
  private readonly coupons: Map<number, CouponObserver>;
  private readonly outbox = new OutboxObserver();
  private readonly relay: RelayObserver;
  private isDirty = false;

  constructor(
    private readonly world: World,
    private readonly plan: ObservedPlan,
    private readonly redis: RedisFleet,
    ledger: LedgerSite,
    receivers: readonly Receiver[] = [],
  ) {
    const isWaiting = Number(plan.settings['REDIS_WAIT_REPLICAS'] ?? 0) > 0;
    this.coupons = new Map(
      plan.coupons.map((each) => [
        each.couponId,
        new CouponObserver(world, each, redis, ledger.server.tables, { isWaiting }),
      ]),
    );
    this.orders = new OrderObserver(world, ledger.server.tables);
    this.useBy = new UseByObserver(ledger.server.tables);
    this.ranking = new RankingObserver(world, redis, ledger.server.tables);
    this.relay = new RelayObserver(ledger.server.tables, receivers);
    redis.watch = this.watch;
    ledger.server.onCommit = (written) => this.committed(written);
  }

  /** After each step. @throws Violation */
  check(): void {
    this.relay.check();
    if (!this.isDirty) return;
    this.isDirty = false;
    for (const coupon of this.coupons.values()) coupon.check();
    this.outbox.check();
  }

  /** Something has happened by which reservations may take longer: of all coupons, or of this one. */
  disturbed(which: 'EVERYTHING' | number): void {
    for (const [couponId, coupon] of this.coupons) {
      if (which === 'EVERYTHING' || which === couponId) coupon.disturbed();
    }
  }

  /** From time to time. @throws Violation */
  checkPace(longestPendingMs?: number): void {
    for (const coupon of this.coupons.values()) coupon.checkPace(longestPendingMs);
  }

  /** Something is wrong with the one server that the history is about. */
  shardDisturbed(): void {
    for (const [couponId, coupon] of this.coupons) if (!this.isOfHealthyShard(couponId)) coupon.disturbed();
  }

  /** Redis may hold less than before. */
  mayHaveLost(how: Loss): void {
    for (const coupon of this.coupons.values()) coupon.forgetWhatIsLost(how);
  }

  /** Reservations that Redis lost so far, which it may. */
  get lossesSoFar(): number {
    return this.sum(({ lost }) => lost);
  }

  get admittedSoFar(): number {
    return this.sum(({ admitted }) => admitted);
  }

  answered(couponId: number, userId: number, sequenceNumber: number, status: string): void {
    this.coupon(couponId).answered(userId, sequenceNumber, status);
  }

  saw(couponId: number, userId: number, status: string): void {
    this.coupon(couponId).saw(userId, status);
  }

  /** As {@link CouponObserver.waits}. */
  waits(couponId: number, userId: number, instance: Party): () => void {
    return this.coupon(couponId).waits(userId, instance);
  }

  sawNothing(couponId: number, userId: number, error: unknown, lossesBefore: number): void {
    this.refusedFor(couponId, error);
    const isUnknown = error instanceof DomainError && error.code === 'RESERVATION_NOT_FOUND';
    const mayBeLost = lossesBefore > 0 || this.lossesSoFar > 0 || this.redis.hasHadTwoMasters;
    if (isUnknown && !mayBeLost) {
      throw new Violation('an answer is not taken back', `user ${userId} of coupon ${couponId} is not found`);
    }
  }

  /** As {@link refused}, of a call that concerns a coupon. @throws Violation */
  refusedFor(couponId: number, error: unknown): void {
    this.refused(error);
    const isUnavailable = error instanceof DomainError && error.code === 'RESERVATION_UNAVAILABLE';
    if (!isUnavailable || this.world.now < LOADED_MS || !this.isOfHealthyShard(couponId)) return;
    throw new Violation('healthy shards', `coupon ${couponId} is refused, though its server is well: ${error.message}`);
  }

  /** A caller is answered with this error. @throws Violation for one that the API answers with 500 */
  refused(error: unknown): void {
    if (error instanceof Violation) throw error;
    if (toDomainError(error, REQUEST) instanceof InternalError) throw new Violation('no unknown error', stackOf(error));
  }

  /** Who waits in vain. */
  unanswered(): string[] {
    return [...this.coupons.values()].flatMap((coupon) => coupon.unanswered());
  }

  /** What is not as it must be when nothing has been wrong for a while; empty when all is. */
  unsettled(): string[] {
    const reasons = [...this.coupons.values()].flatMap((coupon) => coupon.unsettled());
    return [...reasons, ...this.ranking.unsettled(), ...this.relay.unsettled()];
  }

  /** Holders know from here on that nobody is admitted twice. */
  isSettled(): void {
    for (const coupon of this.coupons.values()) coupon.isSettled();
  }

  /** Why it is not true that exactly the stock was issued. */
  underIssued(): string[] {
    return [...this.coupons.values()].flatMap((coupon) => coupon.underIssued());
  }

  private readonly watch: ScriptWatch = (call) => {
    this.isDirty = true;
    const couponId = /^coupon:\{(\d+)\}/.exec(call.keys[0] ?? '')?.[1];
    if (couponId !== undefined) return this.coupons.get(Number(couponId))?.watch(call);
    if (call.name === 'countOrders' || call.name === 'uncountOrders') return () => this.ranking.counted(call.process);
    if (call.name === 'endReconcile') return () => this.ranking.reconciled(call);
    return undefined;
  };

  private isOfHealthyShard(couponId: number): boolean {
    const { shardInTrouble } = this.plan;
    if (shardInTrouble === undefined) return false;
    return this.redis.siteOf(reservationKeys.state(couponId)) !== this.redis.which(shardInTrouble);
  }

  private committed(written: WrittenRows): void {
    this.isDirty = true;
    this.outbox.committed(written);
    written.userCoupons?.inserted.forEach((row: UserCouponRow) => this.coupon(row.couponId).issued(row));
    written.issuanceFailures?.inserted.forEach((row: FailureRow) => this.coupon(row.couponId).failed(row));
    this.useBy.committed(written);
    this.orders.committed(written);
    written.orders?.updated.forEach((row: OrderRow) => this.ranking.changed(row));
    if (written.userCoupons?.deleted.length) throw new Violation('rows stay', 'a user coupon was deleted');
  }

  private coupon(couponId: number): CouponObserver {
    const coupon = this.coupons.get(couponId);
    if (coupon === undefined)
      throw new Violation('no unknown error', `a row of coupon ${couponId}, which there is not`);
    return coupon;
  }

  private sum(count: (coupon: CouponObserver) => number): number {
    return [...this.coupons.values()].reduce((sum, coupon) => sum + count(coupon), 0);
  }
}
