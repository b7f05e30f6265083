import type { CodeFormat, Strategy } from '../../../src/coupon/coupon.entity.js';
import type { Settings } from '../instance/settings.js';
import { Chance } from '../world/chance.js';
import type { Weather } from '../world/link.js';
import { drawAdministration } from './administration.js';
import { drawFaults, type StoreKind } from './faults.js';
import type { History } from './history.js';
import { FAULTS_END_MS, Moments } from './moments.js';
import { drawDeletions, drawLockedRows, drawStuckCoupon } from './foreign-hands.js';
import { drawKafkaFaults } from './kafka-faults.js';
import { drawPayments } from './payments.js';
import { clusterUrl } from '../redis/redis-fleet.js';
import { drawReceiverFaults } from './receivers.js';
import { drawReaders, RECONCILE_INTERVAL_MS } from './readers.js';
import { drawShardInTrouble } from './shard-in-trouble.js';
import { drawUsers } from './users.js';

/** One thing that is going to happen. Of a history that broke a promise those are left out that it does not need. */
export interface PlannedEvent {
  /** In milliseconds from the beginning. */
  readonly at: number;
  /** What it is, in words. */
  readonly what: string;
  readonly happen: (history: History) => void;
  /** For whom things may take longer while it lasts, and for a while afterwards: all, one coupon, or nobody. */
  readonly disturbs?: 'EVERYTHING' | number;
  /** What has to be seen to so long before. */
  readonly prepare?: { readonly leadMs: number; readonly happen: (history: History) => void };
}

/** A coupon of a history. */
export interface CouponPlan {
  readonly couponId: number;
  readonly strategy: Strategy;
  readonly totalQuantity: number;
  readonly codeFormat: CodeFormat;
  readonly users: readonly number[];
  /** Its claim window begins after the history: it can be granted only. */
  readonly isNotOpenYet: boolean;
  /** When its claim window ends; undefined: not within the history. */
  readonly endsAfterMs: number | undefined;
  /** Someone deletes its row during the history. */
  readonly isDeleted: boolean;
}

/** What a seed makes happen. */
export interface Plan {
  readonly seed: number;
  readonly settings: Settings;
  readonly weather: Weather;
  /** Within what time reservations are decided where nothing is wrong; undefined: within two sweeps. */
  readonly longestPendingMs: number | undefined;
  readonly instances: number;
  /** The masters of a Redis Cluster; undefined: a single Redis. */
  readonly shards: number | undefined;
  /** Nothing is wrong but with this one of them, and coupons of the others must not notice. */
  readonly shardInTrouble: number | undefined;
  /** Each instance has a node of a Galera cluster. */
  readonly isGalera: boolean;
  /** Other systems that are told what is decided. */
  readonly receivers: number;
  readonly coupons: readonly CouponPlan[];
  /** Users whose rows the database refuses, and in how many of a hundred attempts. */
  readonly refusedUsers: ReadonlySet<number>;
  readonly refusedPercent: number;
  readonly events: readonly PlannedEvent[];
}

/** Draws what happens in the history of this seed: which kinds of faults there are, how many of each, and when. */
export function drawPlan(seed: number): Plan {
  const chance = new Chance(seed, 'what kind of history');
  // Nothing is wrong but with one coupon, and no other one may notice.
  const isOneInTrouble = new Chance(seed, 'one in trouble').is(0.1);
  const redis = drawRedis(new Chance(seed, 'how Redis is run'), isOneInTrouble);
  const { shards, shardInTrouble } = redis;
  // There is nothing wrong but what the history is about.
  const isCalm = isOneInTrouble || shardInTrouble !== undefined;
  const coupons = drawCoupons(new Chance(seed, 'coupons'), isCalm);
  const isGalera = new Chance(seed, 'how MySQL is run').is(0.15);
  const kinds = new Set<StoreKind>(isGalera ? [...redis.kinds, 'GALERA'] : redis.kinds);
  const receivers = isCalm ? 0 : new Chance(seed, 'who is told').pick([0, 0, 0, 1, 2]);
  const isByKafka = !isCalm && new Chance(seed, 'how reservations are issued').is(0.15);
  const moments = new Moments(seed);
  const firstUsers = coupons[0]?.users ?? [];
  const refused = chance.pick([0, 0, 2, 10]);
  const payments = drawPayments(seed, moments);
  const readers = payments.length > 0 && new Chance(seed, 'is the ranking read').is(0.5) ? drawReaders(seed) : [];
  return {
    seed,
    settings: {
      ...drawSettings(new Chance(seed, 'settings')),
      ...(isOneInTrouble ? SMALL_QUEUE : {}),
      ...redis.settings,
      ...(isByKafka ? KAFKA : {}),
      ...(readers.length > 0 ? { RANKING_RECONCILE_INTERVAL_MS: String(RECONCILE_INTERVAL_MS) } : {}),
    },
    weather: {
      latePercent: chance.pick([1, 9]),
      veryLatePercent: isCalm ? 0 : chance.pick([0, 0, 1]),
      slownessOfRedis: isCalm ? 1 : chance.pick([1, 1, 1, 20]),
      slownessOfMysql: isCalm ? 1 : chance.pick([1, 1, 30, 300]),
    },
    longestPendingMs: isCalm ? 3000 : undefined,
    instances: chance.pick([2, 2, 3]),
    shards,
    shardInTrouble,
    isGalera,
    receivers,
    coupons,
    refusedUsers: new Set(firstUsers.slice(0, refused)),
    refusedPercent: chance.pick([30, 90]),
    events: [
      ...drawUsers(seed, moments, coupons),
      ...payments,
      ...readers,
      ...(isByKafka ? drawKafkaFaults(seed, moments) : []),
      ...drawReceiverFaults(seed, moments, receivers),
      ...(shardInTrouble === undefined ? drawAdministration(seed, moments, coupons) : []),
      ...(isOneInTrouble ? drawStuckCoupon(seed) : []),
      ...(shardInTrouble === undefined ? [] : drawShardInTrouble(seed, shardInTrouble)),
      ...(isCalm ? [] : drawFaults(seed, moments, kinds)),
      ...(isCalm ? [] : drawLockedRows(seed, moments, coupons)),
      ...(shardInTrouble === undefined ? drawDeletions(seed, moments, coupons) : []),
    ],
  };
}

interface RedisPlan extends Pick<Plan, 'shards' | 'shardInTrouble' | 'settings'> {
  readonly kinds: ReadonlySet<StoreKind>;
}

function drawRedis(chance: Chance, isOneInTrouble: boolean): RedisPlan {
  const isShardInTrouble = !isOneInTrouble && chance.is(0.06);
  const shards = isShardInTrouble || chance.is(0.2) ? chance.pick([2, 3]) : undefined;
  const shardInTrouble = isShardInTrouble ? chance.below(shards ?? 1) : undefined;
  const isWaiting = !isShardInTrouble && chance.is(0.15);
  const kinds = new Set<StoreKind>();
  if (shards !== undefined) kinds.add('CLUSTER');
  if (isWaiting) kinds.add('WAIT');
  const settings = {
    ...(shards === undefined ? {} : { REDIS_URL: clusterUrl(shards) }),
    ...(isWaiting ? { REDIS_WAIT_REPLICAS: '1' } : {}),
  };
  return { shards, shardInTrouble, kinds, settings };
}

/** Admission and ledger with Kafka between them; the sweep comes after it, and in time for those who wait. */
const KAFKA: Settings = {
  COUPON_ISSUANCE_TRANSPORT: 'kafka',
  KAFKA_BROKERS: 'kafka:9092',
  KAFKA_SWEEP_AFTER_MS: '2000',
};

/** One coupon could fill it. */
const SMALL_QUEUE: Settings = { COUPON_ISSUANCE_QUEUE_CAPACITY: '8', COUPON_ISSUANCE_QUEUE_SHARE: '4' };

/** Small batches, chunks and shares, so that a few users fill them. */
function drawSettings(chance: Chance): Settings {
  return {
    COUPON_ISSUANCE_BATCH_SIZE: chance.pick(['1', '3', '500']),
    COUPON_ISSUANCE_QUEUE_SHARE: chance.pick(['2', '20000']),
    COUPON_REBUILD_CHUNK_SIZE: chance.pick(['1', '3', '5000']),
    COUPON_REBUILD_LOCK_TTL_MS: chance.pick(['3000', '10000']),
    COUPON_SWEEP_INTERVAL_MS: chance.pick(['3000', '5000']),
  };
}

function drawCoupons(chance: Chance, areSeveral: boolean): CouponPlan[] {
  const coupons = [drawCoupon(chance, 1, 'reservation', chance.between(3, 20))];
  if (chance.is(0.5) || areSeveral) coupons.push(drawSecondCoupon(chance, areSeveral));
  if (chance.is(0.3)) coupons.push(drawCoupon(chance, 3, 'lock', chance.between(1, 6)));
  if (chance.is(0.1)) coupons.push({ ...drawCoupon(chance, 4, 'reservation', 12), isDeleted: true });
  return coupons;
}

/** Now and then one that opens later, and that operators grant before. */
function drawSecondCoupon(chance: Chance, isCalm: boolean): CouponPlan {
  const coupon = drawCoupon(chance, 2, 'reservation', chance.between(1, 12));
  return !isCalm && coupon.endsAfterMs === undefined && chance.is(0.3) ? { ...coupon, isNotOpenYet: true } : coupon;
}

function drawCoupon(chance: Chance, couponId: number, strategy: Strategy, totalQuantity: number): CouponPlan {
  const users = Array.from({ length: totalQuantity + 5 + chance.below(12) }, (_, index) => 100 * couponId + index + 1);
  return {
    couponId,
    strategy,
    totalQuantity,
    codeFormat: chance.pick<CodeFormat>(['none', 'alphanumeric']),
    users,
    isDeleted: false,
    endsAfterMs: couponId > 1 && chance.is(0.2) ? chance.between(3000, FAULTS_END_MS) : undefined,
    isNotOpenYet: false,
  };
}
