import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { hostname } from 'node:os';
import {
  CouponHistoryReader,
  type CouponOverview,
  CouponOverviewService,
  type LedgerSide,
  type RedisSide,
} from '../../coupon/index.js';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import type { ProblemReason } from '../../platform/dependencies/problem-reason.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { RankingService } from '../../ranking/index.js';
import { DatabaseProbeRepository } from '../health/database-probe.repository.js';
import { CouponActivity } from './coupon-activity.js';
import { pointsOf } from './coupon-points.js';
import { LatencyWindow } from './latency-window.js';
import { Reading } from './reading.js';
import type {
  CouponSnapshot,
  CouponsSnapshot,
  Dependency,
  History,
  Latency,
  LatencyPoint,
  RankingSnapshot,
  Snapshot,
} from './snapshot.js';

const NEWEST_COUPONS = 50;
/** Besides the newest: a stranger may ask for many. */
const MAX_OTHER_COUPONS = 50;
const RANKING_LENGTH = 10;
/** For so long answer times are remembered. */
const LATENCIES_MS = 600_000;
/** A longer time between two snapshots is one in which none were taken. */
const GAP_MS = 2_500;
/** Less than the time between two snapshots: who does not answer does not stop the others. */
const WAIT_MS = 600;
/** An answer that is late is no sign of health. */
const LATE: Dependency = { isUp: false, responseMs: null, reason: 'TIMEOUT' };
const RESERVATION_DURATION = 'firstcome_reservation_duration_seconds';

/** Takes snapshots. Whatever is down, a snapshot says so and does not fail. */
@Injectable()
export class SnapshotService {
  private readonly logger = new Logger('Dashboard');
  private readonly instance = `${hostname()}:${process.pid}`;
  private readonly redisHealth = this.reading<Dependency>();
  private readonly databaseHealth = this.reading<Dependency>();
  private readonly ledgerSides = this.reading<LedgerSide[]>();
  private readonly redisSides = this.reading<Map<number, RedisSide>>();
  private readonly ranking = this.reading<RankingSnapshot>();
  private readonly latency: LatencyWindow;
  private readonly latencies: LatencyPoint[] = [];
  private readonly activities = new LRUCache<number, CouponActivity>({ max: NEWEST_COUPONS + MAX_OTHER_COUPONS });
  private loggedError = '';

  constructor(
    private readonly coupons: CouponOverviewService,
    private readonly written: CouponHistoryReader,
    private readonly rankings: RankingService,
    private readonly redisConnection: RedisConnection,
    private readonly database: DatabaseProbeRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: { readonly ranking: { readonly timeZone: string } },
    registry: MetricsRegistry,
  ) {
    this.latency = new LatencyWindow(registry, RESERVATION_DURATION);
  }

  /** Asks everyone once. Never throws, and takes hardly more than half a second. */
  async take(alsoCoupons: readonly number[], streams: number): Promise<Snapshot> {
    const others = alsoCoupons.slice(0, MAX_OTHER_COUPONS);
    await Promise.all([
      this.redisHealth.refresh(() => timed(this.redisConnection.probe())),
      this.databaseHealth.refresh(() => timed(this.database.probe())),
      this.ranking.refresh(() => this.askRanking()),
      this.ledgerSides
        .refresh(() => this.coupons.askLedger(NEWEST_COUPONS, others))
        // After MySQL: of a coupon that was issued in between, the user holds a slot all the same.
        .then(() => this.redisSides.refresh(() => this.coupons.askRedis(this.ledgerSides.value ?? []))),
    ]);
    const at = this.now();
    const latency = await this.latency.sinceLastTime();
    this.remember(at, latency);
    return {
      at,
      timeZone: this.config.ranking.timeZone,
      instance: this.instance,
      streams,
      health: {
        redis: this.redisHealth.current ?? LATE,
        database: this.databaseHealth.current ?? LATE,
        isAdmitting: this.coupons.isAdmitting,
      },
      coupons: this.couponsAt(at),
      latency,
      ranking: this.ranking.current ?? null,
    };
  }

  /** What was written down of a coupon so far, and how long this instance took, as far as somebody watched it. */
  async history(couponId: number): Promise<History> {
    const rest = { instance: this.instance, latency: this.latencies };
    try {
      return { ...rest, coupon: pointsOf(await this.written.read(couponId)) };
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      return { ...rest, coupon: null };
    }
  }

  private remember(at: number, { p50, p99 }: Latency): void {
    const before = this.latencies.at(-1)?.[0];
    // Nobody watched: a line from then to now would be made up.
    if (before !== undefined && at - before > GAP_MS) this.latencies.push([before + 1, null, null]);
    this.latencies.push([at, p50, p99]);
    while ((this.latencies[0]?.[0] ?? at) < at - LATENCIES_MS) this.latencies.shift();
  }

  private couponsAt(at: number): CouponsSnapshot {
    const slots = this.redisSides.current;
    const list = this.ledgerSides.value?.map((side) =>
      this.couponAt(at, this.coupons.combine(side, slots?.get(side.coupon.id))),
    );
    return { ledgerAt: this.ledgerSides.at ?? null, redisAt: this.redisSides.at ?? null, list: list ?? null };
  }

  private couponAt(at: number, overview: CouponOverview): CouponSnapshot {
    const { view, pending, isLoaded, openFailures, refusals } = overview;
    let activity = this.activities.get(view.couponId);
    if (activity === undefined) this.activities.set(view.couponId, (activity = new CouponActivity()));
    return {
      couponId: view.couponId,
      name: view.name,
      status: view.status,
      strategy: view.strategy,
      audience: view.audience,
      discountAmount: view.discountAmount,
      discountRate: view.discountRate,
      isActive: view.isActive,
      createdAt: view.createdAt.toISOString(),
      startsAt: view.startsAt.toISOString(),
      expiresAt: view.expiresAt.toISOString(),
      usableUntil: view.usableUntil?.toISOString() ?? null,
      usableDays: view.usableDays,
      isRedeemable: view.isRedeemable,
      totalQuantity: view.totalQuantity,
      returnedQuantity: view.returnedQuantity,
      issuedQuantity: view.issuedQuantity,
      remainingQuantity: view.remainingQuantity,
      pending,
      isLoaded,
      ...activity.add(at, overview),
      refusals,
      openFailures,
    };
  }

  private async askRanking(): Promise<RankingSnapshot> {
    const { asOf, ...rest } = await this.rankings.top({ date: undefined, limit: RANKING_LENGTH });
    return { ...rest, asOf: asOf?.toISOString() ?? null };
  }

  private reading<T>(): Reading<T> {
    return new Reading<T>({ waitMs: WAIT_MS, now: () => this.now(), onError: (error) => this.logUnlessAway(error) });
  }

  private now(): number {
    return this.clock.now().getTime();
  }

  /** That a server is away is logged by its connection; anything else once, not every second. */
  private logUnlessAway(error: unknown): void {
    if (error instanceof RedisUnavailableError || isDatabaseUnavailable(error)) return;
    const text = stackOf(error);
    if (text === this.loggedError) return;
    this.loggedError = text;
    this.logger.error('a part of the snapshot could not be taken', text);
  }
}

async function timed(probe: Promise<ProblemReason | undefined>): Promise<Dependency> {
  const askedAt = performance.now();
  const reason = await probe;
  const isUp = reason === undefined;
  const responseMs = isUp ? Math.round((performance.now() - askedAt) * 10) / 10 : null;
  return { isUp, responseMs, reason: reason ?? null };
}
