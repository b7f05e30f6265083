import { IssuanceRepository } from '../../../src/coupon/issuance/issuance.repository.js';
import { CouponService } from '../../../src/coupon/coupon.service.js';
import { CouponDefinitionService } from '../../../src/coupon/reservation/coupon-definition.service.js';
import { DefinitionPublisher } from '../../../src/coupon/reservation/definition-publisher.service.js';
import { DefinitionStore } from '../../../src/coupon/reservation/definition.store.js';
import type { Mutation } from './mutation.js';
import { inScript, replaceMethod, replacePrivate } from './patches.js';

/** Faults in how a change of a coupon reaches Redis. */
export const DEFINITION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a-total-is-lowered-without-redis',
    fault: 'a total is lowered in MySQL without asking Redis first: who is admitted meanwhile finds no stock',
    instance: (instance) => replaceMethod(instance, DefinitionStore, 'lower', () => async () => 'LOWERED'),
  },
  {
    name: 'a-lowered-total-is-not-put-back',
    fault:
      'a lower total that MySQL did not take stays in Redis, and no sweep compares the two: the rest is never offered',
    instance: (instance) => {
      replacePrivate<() => Promise<void>>(instance, CouponDefinitionService, 'putBack', () => async () => undefined);
      replaceMethod(instance, DefinitionPublisher, 'reconcile', () => async () => undefined);
    },
  },
  {
    name: 'definitions-have-no-versions',
    fault: 'a definition that comes late replaces a newer one: an old total admits people for whom there is no stock',
    scripts: inScript('publishDefinition', 'if tonumber(ARGV[1]) <= tonumber(state[2]) then', 'if false then'),
  },
  {
    name: 'terms-are-remembered-for-ever',
    fault:
      'an instance issues by the use-by time that it remembers, and does not ask whether an operator has changed it',
    instance: (instance) =>
      replaceMethod(
        instance,
        IssuanceRepository,
        'takeFromCapacity',
        (take) => async (manager, couponId, change) =>
          await take(manager, couponId, { ...change, onlyUnder: undefined }),
      ),
  },
  {
    name: 'every-change-is-applied-to-what-is-issued',
    fault: 'a new use-by time is written into what people hold, although nobody asked for that',
    instance: (instance) =>
      replaceMethod(
        instance,
        CouponService,
        'change',
        (change) => async (couponId, patch, actor) => await change(couponId, { ...patch, applyToIssued: true }, actor),
      ),
  },
];
