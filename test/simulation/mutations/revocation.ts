import { RevocationRepository } from '../../../src/coupon/revocation/revocation.repository.js';
import type { Mutation } from './mutation.js';
import { replaceMethod } from './patches.js';

/** Faults in how coupons are taken back. */
export const REVOCATION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a-slot-is-given-back-twice',
    fault: 'a revocation does not look whose slot was given back before: asked again, it gives the slot back again',
    instance: (instance) =>
      replaceMethod(
        instance,
        RevocationRepository,
        'lockRowsOf',
        (lock) => async (manager, couponId, userIds) =>
          (await lock(manager, couponId, userIds)).map((row) => ({ ...row, isSlotReturned: false })),
      ),
  },
];
