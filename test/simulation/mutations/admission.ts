import { reservationKeys } from '../../../src/coupon/reservation/reservation-keys.js';
import { AdmissionStore } from '../../../src/coupon/reservation/admission.store.js';
import { RedisCouponStore } from '../../../src/coupon/reservation/redis-coupon.store.js';
import { RedisConnection } from '../../../src/platform/redis/redis-connection.js';
import type { Mutation } from './mutation.js';
import { inAllScripts, inScript, replaceMethod, together } from './patches.js';

const COUNT_ADMITTED = "if #admitted > 0 then\n  redis.call('INCRBY', KEYS[2], #admitted / 2)";
const ADD_PENDING = "redis.call('ZADD', KEYS[5], unpack(admitted))";
/** P6, without which a fault of the counter only closes the coupon until it has been rebuilt. */
const SET_AND_COUNTER_AGREE = "read('SCARD', users) == reserved";

/** Faults in how Redis decides who gets a slot. */
export const ADMISSION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'check-and-admit-are-two-calls',
    fault: 'SISMEMBER, then the admission in a call of its own: a double click passes both checks',
    scripts: inScript(
      'reserveCoupon',
      "if redis.call('SADD', KEYS[3], ARGV[i]) == 1 then",
      "redis.call('SADD', KEYS[3], ARGV[i])\n    if true then",
    ),
    instance: (instance) =>
      replaceMethod(instance, AdmissionStore, 'reserve', (reserve) => async (couponId, userIds, options) => {
        const hold = await instance.get(RedisCouponStore).holdSlot(couponId, userIds);
        const others = userIds.filter((_userId, index) => !hold[index]);
        const answers = others.length === 0 ? [] : await reserve(couponId, others, options);
        let next = 0;
        return hold.map((holds) => (holds ? 'ALREADY_RESERVED' : (answers[next++] ?? 'NOT_LOADED')));
      }),
  },
  {
    name: 'refused-are-counted',
    fault: 'INCR for everyone who asks, past the stock: a slot that is given back cannot be reached any more',
    scripts: together(
      inAllScripts(SET_AND_COUNTER_AGREE, "read('SCARD', users) ~= false"),
      inScript('reserveCoupon', COUNT_ADMITTED, "redis.call('INCRBY', KEYS[2], #ARGV - 2)\nif #admitted > 0 then"),
    ),
  },
  {
    name: 'a-duplicate-gives-the-slot-back',
    fault: "rolling back a duplicate's request takes the slot of the very user who holds it",
    scripts: inScript(
      'reserveCoupon',
      'else\n      answer = -5',
      "else\n      redis.call('SREM', KEYS[3], ARGV[i])\n      redis.call('DECR', KEYS[2])\n      answer = -5",
    ),
  },
  {
    name: 'no-pending-entry',
    fault: 'an admission that is only in the memory of a process: it dies with it, and the slot is lost',
    scripts: inScript('reserveCoupon', ADD_PENDING, ''),
  },
  {
    name: 'a-grant-leaves-no-pending-entry',
    fault:
      'whoever is granted a coupon is known to the process of the operator alone: it dies with it, and the slot is lost',
    scripts: inScript('reserveCoupon', ADD_PENDING, `if ARGV[2] ~= '1' then\n    ${ADD_PENDING}\n  end`),
  },
  {
    name: 'pending-entry-in-a-call-of-the-request',
    fault: 'the pending entry is written by a second call of the request, which is gone when its caller is',
    scripts: inScript('reserveCoupon', ADD_PENDING, ''),
    instance: (instance) =>
      replaceMethod(instance, AdmissionStore, 'reserve', (reserve) => async (couponId, userIds, options) => {
        const answers = await reserve(couponId, userIds, options);
        const entries = answers.flatMap((number, index) =>
          typeof number === 'number' ? [number, userIds[index] as number] : [],
        );
        if (entries.length > 0) {
          const redis = instance.get(RedisConnection);
          const pending = reservationKeys.pending(couponId);
          await redis.ask(pending, (client) => client.call('ZADD', pending, ...entries));
        }
        return answers;
      }),
  },
  {
    name: 'keys-expire',
    fault: 'keys with a TTL (of a day; here 8 s): what is pending is forgotten, and the campaign begins anew',
    scripts: inScript(
      'reserveCoupon',
      ADD_PENDING,
      `${ADD_PENDING}\n  for i = 1, 5 do\n    redis.call('PEXPIRE', KEYS[i], 8000)\n  end`,
    ),
  },
  {
    name: 'a-missing-counter-begins-at-zero',
    fault: 'a missing stock key is seeded with the full stock: losing it refills the stock',
    scripts: together(
      inAllScripts(SET_AND_COUNTER_AGREE, "read('SCARD', users) ~= false"),
      inScript(
        'reserveCoupon',
        'local reserved = counter(KEYS[2])',
        "redis.call('SET', KEYS[2], '0', 'NX')\nlocal reserved = counter(KEYS[2])",
      ),
    ),
  },
  {
    name: 'a-duplicate-is-an-unknown-error',
    fault: 'a duplicate ends in an error that nobody has mapped: HTTP 500',
    instance: (instance) =>
      replaceMethod(instance, AdmissionStore, 'reserve', (reserve) => async (couponId, userIds, options) => {
        const answers = await reserve(couponId, userIds, options);
        if (answers.includes('ALREADY_RESERVED')) throw new Error('the set of users has this member already');
        return answers;
      }),
  },
];
