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
];
