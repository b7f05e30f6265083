import { ReservationWaiters } from '../../../src/coupon/issuance/reservation-waiters.service.js';
import type { Mutation } from './mutation.js';
import { replacePrivate } from './patches.js';

/** Faults in how those are told who wait. */
export const WAITING_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a-waiter-is-never-read-again',
    fault: 'who waits hears only of what their own instance settles: what another one issues they wait for in vain',
    instance: (instance) =>
      replacePrivate<() => Promise<void>>(instance, ReservationWaiters, 'look', () => async () => undefined),
  },
];
