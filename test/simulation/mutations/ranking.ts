import { UserCouponUsage } from '../../../src/coupon/index.js';
import type { PaidOrder } from '../../../src/order/index.js';
import { PaidOrders } from '../../../src/order/index.js';
import { TransactionRunner } from '../../../src/platform/database/transaction-runner.js';
import { EventPublisher } from '../../../src/platform/events/event-publisher.js';
import { RedisConnection } from '../../../src/platform/redis/redis-connection.js';
import { BusinessCalendar } from '../../../src/ranking/business-calendar.js';
import type { BusinessDay } from '../../../src/ranking/business-day.js';
import { memberOf, rankingKeys } from '../../../src/ranking/ranking-keys.js';
import { RankingLease } from '../../../src/ranking/ranking-lease.js';
import { ReconcileService } from '../../../src/ranking/reconcile/reconcile.service.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { Mutation } from './mutation.js';
import { inAllScripts, inScript, replaceMethod, replacePrivate, together } from './patches.js';

type CountMissing = (day: BusinessDay) => Promise<number>;

/** More than there are orders or products in a history. */
const ALL = 1000;

/** Faults in how sales are counted. */
export const RANKING_MUTATIONS: readonly Mutation[] = [
  {
    name: 'an-order-counts-at-each-delivery',
    fault: 'ZINCRBY for an event that may come twice: the order is counted twice',
    scripts: inScript(
      'countOrders',
      "if redis.call('SADD', KEYS[2], ARGV[i]) == 1 then",
      "redis.call('SADD', KEYS[2], ARGV[i])\n  if true then",
    ),
  },
  {
    name: 'a-sale-counts-before-its-commit',
    fault: 'an event is published in the transaction and not after it: a sale is counted that never happens',
    instance: (instance) =>
      replaceMethod(instance, TransactionRunner, 'run', (run) => async (work, options) => {
        const events = instance.get(EventPublisher);
        return await run((manager) => work(manager, (event) => events.publish(event)), options);
      }),
  },
  {
    name: 'a-reconcile-counts-nothing',
    fault: 'a day is marked complete without counting what Redis has missed',
    instance: (instance) =>
      replacePrivate<CountMissing>(instance, ReconcileService, 'countMissing', () => async () => 0),
  },
  {
    name: 'old-numbers-are-of-now',
    fault:
      'today is served from Redis, as of now, however long nobody has reconciled it: sales that one instance could not count are missing',
    instance: (instance) =>
      replaceMethod(instance, RankingLease, 'validityOf', () => (_day, askedAt) => ({
        asOf: askedAt,
        expiredAt: undefined,
      })),
  },
  {
    name: 'a-reconcile-names-no-server',
    fault:
      'a reconcile that began at another server ends at this one, and its marker is believed: what that has missed is missing',
    scripts: together(
      inScript('beginReconcile', "ARGV[1] .. ' ' .. serverIdentity()", 'ARGV[1]'),
      inScript('endReconcile', "ARGV[1] .. ' ' .. server)", 'ARGV[1])'),
      inAllScripts('if server ~= serverIdentity() then', 'if not server then'),
    ),
  },
  {
    name: 'a-reconcile-vouches-for-its-end',
    fault:
      'a day is complete as of the end of a reconcile: what was paid after it had read that page is missing for longer than it says',
    scripts: inScript('endReconcile', "server .. ' ' .. ARGV[2]", "server .. ' ' .. string.format('%.0f', nowMs())"),
  },
  {
    name: 'a-reconcile-overwrites',
    fault: 'a reconcile writes sums over the counts: a payment that comes in meanwhile is lost or doubled',
    instance: overwriteCounts,
  },
  {
    name: 'a-refund-leaves-no-marker',
    fault: 'a refund is counted down whenever it is told or read: twice, and by each reconcile again',
    scripts: inScript('uncountOrders', "if redis.call('SADD', KEYS[2], ARGV[i + 1]) == 1 then", 'if true then'),
  },
  {
    name: 'a-refund-before-its-sale-is-forgotten',
    fault:
      'a refund of a sale that is not counted yet marks nothing: the sale is counted later, and never counted down',
    scripts: inScript(
      'uncountOrders',
      "redis.call('SADD', KEYS[2], ARGV[i]) == 0",
      "redis.call('SISMEMBER', KEYS[2], ARGV[i]) == 1",
    ),
  },
  {
    name: 'a-refund-keeps-the-user-coupon',
    fault: 'an order is refunded, and the user coupon that it was paid with stays used',
    instance: (instance) => replaceMethod(instance, UserCouponUsage, 'giveBack', () => async () => undefined),
  },
];

function overwriteCounts(instance: SimulatedInstance): void {
  replacePrivate<CountMissing>(instance, ReconcileService, 'countMissing', () => async (day) => {
    const { from, to } = instance.get(BusinessCalendar).boundsOf(day);
    const paidOrders = instance.get(PaidOrders);
    const orders: PaidOrder[] = await paidOrders.between(from, to, ALL);
    const sums = await paidOrders.totalsBetween(from, to, ALL);
    if (orders.length === 0) return 0;
    const redis = instance.get(RedisConnection);
    const counts = sums.flatMap(({ productId, salesCount }) => [salesCount, memberOf(productId)]);
    const sales = rankingKeys.sales(day);
    await redis.ask(sales, (client) => client.call('ZADD', sales, ...counts));
    const numbers = orders.map(({ orderNumber }) => orderNumber);
    const counted = rankingKeys.orders(day);
    await redis.ask(counted, (client) => client.call('SADD', counted, ...numbers));
    return 0;
  });
}
