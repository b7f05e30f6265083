import { RetryingLedger } from '../../../src/coupon/issuance/retrying-ledger.service.js';
import { SettlementStore } from '../../../src/coupon/reservation/settlement.store.js';
import type { Mutation } from './mutation.js';
import { inScript, replaceMethod } from './patches.js';

const NUMBER_IS_ITS_OWN = 'if number and tonumber(number) == tonumber(ARGV[i + n]) then';

/** Faults in how Redis is told what the ledger has decided. */
export const SETTLEMENT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'confirm-before-the-commit',
    fault: 'confirmed in Redis before MySQL has committed: what the commit then does not do is forgotten',
    instance: (instance) =>
      replaceMethod(instance, RetryingLedger, 'decide', (decide) => async (couponId, batch, options) => {
        await instance.get(SettlementStore).confirm(couponId, batch);
        return await decide(couponId, batch, options);
      }),
  },
  {
    name: 'a-release-takes-the-number-back',
    fault: 'DECR of the sequence with the stock: the next one gets a number that somebody has had',
    scripts: inScript(
      'releaseReservations',
      "redis.call('DECR', KEYS[2])",
      "redis.call('DECR', KEYS[2])\n      redis.call('DECR', KEYS[4])",
    ),
  },
  {
    name: 'a-release-looks-at-no-number',
    fault: 'a release that compares no number, done once more, takes the slot of a later reservation of the user',
    scripts: inScript('releaseReservations', NUMBER_IS_ITS_OWN, 'if number then'),
  },
  {
    name: 'a-release-looks-at-nothing',
    fault: 'a release of whoever is in the set, done once more, takes the slot of a user who has a row by then',
    scripts: inScript('releaseReservations', NUMBER_IS_ITS_OWN, 'if true then'),
  },
  {
    name: 'a-confirm-while-closed-drops-the-entry',
    fault:
      'a confirm during a rebuild removes the pending entry: the rebuild may have read past the row, and opens without the user',
    scripts: inScript(
      'confirmReservations',
      "redis.call('ZADD', KEYS[5], 'NX', ARGV[i + n], ARGV[i])",
      "redis.call('ZREM', KEYS[5], ARGV[i])",
    ),
  },
  {
    name: 'a-confirm-adds-no-holder',
    fault: 'a confirm only removes the pending entry: whom Redis lost after it had admitted them has a row and no slot',
    scripts: inScript(
      'confirmReservations',
      "local added = redis.call('SADD', KEYS[3], unpack(ARGV, 2, n + 1))",
      'local added = 0',
    ),
  },
];
