/**
 * What the page is told every second, as JSON. Times are milliseconds since 1970 or ISO 8601, durations milliseconds;
 * null is "not known". Free of imports: the page's scripts are checked against it, too.
 */
export interface Snapshot {
  readonly at: number;
  /** Of the business: `ranking.timeZone`. */
  readonly timeZone: string;
  /** Who says so; some numbers are of this instance alone. */
  readonly instance: string;
  /** How many streams this instance feeds from the one sampling. */
  readonly streams: number;
  readonly health: Health;
  readonly coupons: CouponsSnapshot;
  readonly latency: Latency;
  readonly ranking: RankingSnapshot | null;
}

export interface Health {
  readonly redis: Dependency;
  readonly database: Dependency;
  /** False while reservations are refused at once because Redis did not answer lately. */
  readonly isAdmitting: boolean;
}

export interface Dependency {
  /** It does what is needed of it. */
  readonly isUp: boolean;
  /** How long it took to answer. */
  readonly responseMs: number | null;
  /** Why it is down, as /health/ready says it. */
  readonly reason: string | null;
}

export interface CouponsSnapshot {
  /** When MySQL, and when Redis, last said something of coupons; null when never since this instance began to look. */
  readonly ledgerAt: number | null;
  readonly redisAt: number | null;
  /** The newest coupons and those asked for; null until MySQL has answered once. */
  readonly list: readonly CouponSnapshot[] | null;
}

export type CouponStatus = 'PAUSED' | 'SCHEDULED' | 'ENDED' | 'SOLD_OUT' | 'OPEN';

export interface CouponSnapshot {
  readonly couponId: number;
  readonly name: string;
  readonly status: CouponStatus;
  readonly strategy: 'reservation' | 'lock';
  readonly audience: 'registered' | 'anyone';
  readonly discountAmount: number | null;
  readonly discountRate: number | null;
  readonly isActive: boolean;
  readonly createdAt: string;
  readonly startsAt: string;
  readonly expiresAt: string;
  /** Until when what is issued now may be spent; null where `usableDays` says it. */
  readonly usableUntil: string | null;
  readonly usableDays: number | null;
  /** False: nobody may spend it now. */
  readonly isRedeemable: boolean;
  readonly totalQuantity: number;
  /** Slots that revocations gave back, besides the total. */
  readonly returnedQuantity: number;
  readonly issuedQuantity: number;
  readonly remainingQuantity: number;
  /** Reserved and not issued yet. */
  readonly pending: number | null;
  /** How long the oldest of them waits, as far as this instance has watched. */
  readonly oldestPendingMs: number | null;
  /** False while the coupon is closed until it has been rebuilt. */
  readonly isLoaded: boolean | null;
  /** By all instances. */
  readonly acceptedPerSecond: number | null;
  readonly refusedPerSecond: number;
  /** By all instances since the coupon was made, by error code; while Redis is away, of the others what was known before. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Failures that nobody has retried. */
  readonly openFailures: number;
}

/** Of the reservations that this instance answered within the last second; null when there were none. */
export interface Latency {
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface RankingSnapshot {
  readonly date: string;
  readonly source: 'redis' | 'backup' | 'database' | 'memory' | 'none';
  readonly asOf: string | null;
  readonly rankings: ReadonlyArray<{
    readonly rank: number;
    readonly productId: number;
    readonly productName: string;
    readonly salesCount: number;
  }>;
}

/** A second of a coupon, or a longer time before it: [at, remaining, accepted/s, refused/s, pending]. By all instances. */
export type CouponPoint = readonly [number, number, number | null, number, number | null];

/** One second of this instance: [at, p50, p99]. */
export type LatencyPoint = readonly [number, number | null, number | null];

/** What happened before the page was opened; the oldest first. */
export interface History {
  readonly instance: string;
  /** Null when Redis, which has it, cannot be asked. */
  readonly coupon: readonly CouponPoint[] | null;
  readonly latency: readonly LatencyPoint[];
}
