import { LockIssuanceRepository } from '../../../src/coupon/lock/lock-issuance.repository.js';
import { TransactionRunner } from '../../../src/platform/database/transaction-runner.js';
import { runnerOf } from '../ledger/repositories/statement-runner.js';
import { locking } from '../ledger/statement.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { Mutation } from './mutation.js';
import { replaceMethod } from './patches.js';

/** Numbers of which no two are the same. */
const GENERATED = 1e12;

/** Faults of the pessimistic strategy. */
export const LOCK_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a-lock-coupon-without-its-lock',
    fault:
      'the stock is read without the row lock, and written without a condition (numbers are generated): two take the last one (P1)',
    instance: (instance) => {
      lookWithoutLock(instance);
      replaceMethod(
        instance,
        LockIssuanceRepository,
        'takeFromCapacity',
        () =>
          async (manager, couponId, { sequenceNumber, lastPosition }) => {
            return await runnerOf(manager).run(
              locking('lockIssuance.takeFromCapacity', (view) =>
                view.update(view.tables.coupons.byId, [couponId], (row) => {
                  const counted = { sequenceBase: sequenceNumber, eventPosition: lastPosition };
                  return { ...row, ...counted, issuedQuantity: row.issuedQuantity + 1 };
                }),
              ),
            );
          },
      );
    },
  },
];

/** The lock is given back at once, with the transaction in which it was taken. */
function lookWithoutLock(instance: SimulatedInstance): void {
  replaceMethod(instance, LockIssuanceRepository, 'lockCoupon', (lock) => async (_manager, couponId) => {
    const coupon = await instance.get(TransactionRunner).run((manager) => lock(manager, couponId));
    return coupon && { ...coupon, lastSequenceNumber: Math.floor(Math.random() * GENERATED) };
  });
}
