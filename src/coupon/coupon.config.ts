import { z } from 'zod';
import { MIN_POOL_SIZE } from '../platform/config/config.schema.js';
import { atMost, type DeepReadonly, oneOf, onOff, rule, wholeNumber } from '../platform/config/settings.js';
import type { EntryTicketConfig } from './entry/entry-tickets.config.js';

/** One for attempts that follow a failed one, and one for coupons that are well. */
const MIN_ISSUANCE_CONNECTIONS = 2;

/** How reservations come from those who admit to those who issue. */
export const ISSUANCE_TRANSPORTS = ['in-process', 'kafka'] as const;

/** The settings under `coupon`. */
export const couponSettings = z.strictObject({
  issueTimeoutMs: wholeNumber(50, 60_000),
  retentionDays: wholeNumber(1, 3_650),
  definitionRefreshMs: wholeNumber(50, 1_000),
  lock: z.strictObject({
    maxConcurrent: wholeNumber(1, 499),
    maxPerCoupon: wholeNumber(1, 499),
    waitMs: wholeNumber(100, 60_000),
  }),
  /** How many changes, rebuilds and sweeps may use a connection at once, each of another coupon. */
  changes: z.strictObject({ maxConnections: wholeNumber(1, 1_000) }),
  issuance: z.strictObject({
    transport: oneOf(ISSUANCE_TRANSPORTS),
    batchSize: wholeNumber(1, 5_000),
    lingerMs: wholeNumber(0, 1_000),
    queueCapacity: wholeNumber(1, 10_000_000),
    /** The most of one coupon that the queue holds. */
    queueShare: wholeNumber(1, 10_000_000),
    retryMaxDelayMs: wholeNumber(10, 60_000),
    maxConnections: wholeNumber(MIN_ISSUANCE_CONNECTIONS, 1_000),
    /** Of these, how many are kept for the issuer alone. */
    reservedConnections: wholeNumber(1, 1_000),
    /** And how many attempts that follow a failed one may have, over all coupons. */
    maxRetrying: wholeNumber(1, 100),
  }),
  sweep: z.strictObject({ intervalMs: wholeNumber(100, 600_000) }),
  rebuild: z.strictObject({ chunkSize: wholeNumber(1, 100_000), lockTtlMs: wholeNumber(1_000, 600_000) }),
  /** For the metrics: how often the open coupons are looked at, and at how many of them at most. */
  watch: z.strictObject({ intervalMs: wholeNumber(50, 600_000), maxCoupons: wholeNumber(1, 10_000) }),
  /** Whether what happens to the open coupons, `watch.maxCoupons` at most, is written down for the live page. */
  history: z.strictObject({ enabled: onOff }),
});

export type CouponConfig = EntryTicketConfig & { readonly coupon: DeepReadonly<z.output<typeof couponSettings>> };

/** Whether this instance issues what is admitted, by itself or elsewhere. */
export function issuesHere({ role }: CouponConfig): boolean {
  return role !== 'admit';
}

export const kafkaTransportHasBrokers = rule<CouponConfig>(
  ['kafka', 'brokers'],
  'must be given (KAFKA_BROKERS) where coupon.issuance.transport is kafka',
  ({ coupon, kafka }) => coupon?.issuance?.transport !== 'kafka' || kafka?.brokers !== undefined,
);

export const rolesNeedKafka = rule<CouponConfig>(
  ['role'],
  'must be all unless coupon.issuance.transport (COUPON_ISSUANCE_TRANSPORT) is kafka: nobody would issue what is admitted',
  ({ coupon, role }) => role === undefined || role === 'all' || coupon?.issuance?.transport === 'kafka',
);

export const lockLeavesConnections = atMost<CouponConfig>(
  ['coupon', 'lock', 'maxConcurrent'],
  'less than half of database.poolSize, since the issuer needs the other connections',
  ({ database }) => Math.ceil(Math.max(database?.poolSize ?? Number.NaN, MIN_POOL_SIZE) / 2) - 1,
);

export const reservedAreOfTheIssuer = atMost<CouponConfig>(
  ['coupon', 'issuance', 'reservedConnections'],
  'not more than coupon.issuance.maxConnections',
  ({ coupon }) => Math.max(coupon?.issuance?.maxConnections ?? Number.NaN, MIN_ISSUANCE_CONNECTIONS),
);

export const retriesLeaveConnections = atMost<CouponConfig>(
  ['coupon', 'issuance', 'maxRetrying'],
  'less than coupon.issuance.maxConnections, since coupons that are well need the other connections',
  ({ coupon }) => Math.max(coupon?.issuance?.maxConnections ?? Number.NaN, MIN_ISSUANCE_CONNECTIONS) - 1,
);
