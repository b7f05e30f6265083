import { AdmissionStore } from '../../../src/coupon/reservation/admission.store.js';
import { RedisCouponStore } from '../../../src/coupon/reservation/redis-coupon.store.js';
import { reservationKeys, scriptKeys } from '../../../src/coupon/reservation/reservation-keys.js';
import { ReserveBreakers } from '../../../src/coupon/reservation/reserve-breakers.js';
import { RedisConnection } from '../../../src/platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../../src/platform/redis/redis-errors.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { Mutation } from './mutation.js';
import { replaceMethod, replacePrivate } from './patches.js';

type BreakerOf = (node: object) => object;

/** What a server of a cluster says of a key that it does not have, or not any more. */
const ELSEWHERE = /MOVED|ASK|TRYAGAIN/;

/** Faults in how several servers are taken for one. */
export const CLUSTER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'one-breaker-for-all-servers',
    fault:
      'a server of a cluster that does not answer opens the breaker for all: the coupons of healthy ones are refused',
    instance: (instance) => {
      let breaker: object | undefined;
      replacePrivate<BreakerOf>(instance, ReserveBreakers, 'breakerOf', (breakerOf) => (node) => {
        return (breaker ??= breakerOf(node));
      });
    },
  },
  {
    name: 'one-exchange-for-all-servers',
    fault: 'coupons are looked at in one pipeline, whichever servers have them: in a cluster none is looked at',
    instance: (instance) =>
      replaceMethod(instance, RedisCouponStore, 'inspectMany', (inspectMany) => async (couponIds) => {
        await inOnePipeline(instance, couponIds);
        return await inspectMany(couponIds);
      }),
  },
  {
    name: 'a-moved-key-is-an-unknown-error',
    fault: 'MOVED, ASK and TRYAGAIN are errors that nobody has mapped: HTTP 500 while slots are moved',
    instance: movedIsUnknown,
  },
];

async function inOnePipeline(instance: SimulatedInstance, couponIds: readonly number[]): Promise<void> {
  const [first] = couponIds;
  if (first === undefined) return;
  await instance.get(RedisConnection).ask(reservationKeys.state(first), async (client) => {
    const pipeline = client.pipeline();
    for (const couponId of couponIds) pipeline.inspectCoupon(...scriptKeys(couponId), 0);
    await pipeline.exec();
  });
}

function movedIsUnknown(instance: SimulatedInstance): void {
  replaceMethod(instance, AdmissionStore, 'reserve', (reserve) => async (couponId, userIds, options) => {
    try {
      return await reserve(couponId, userIds, options);
    } catch (error) {
      throw error instanceof RedisUnavailableError && ELSEWHERE.test(error.message) ? error.cause : error;
    }
  });
}
