import { describe, expect, it } from '@jest/globals';
import { OPEN_ENTRY } from '../entry-terms.js';
import { type CouponDefinition, fromState, stateOf, toStateFields } from './coupon-definition.js';

const DEFINITION: CouponDefinition = {
  couponId: 42,
  name: '쿠폰',
  capacity: 10,
  startsAt: 1_000,
  expiresAt: 2_000,
  isActive: true,
  audience: 'anyone',
  strategy: 'reservation',
  codeFormat: 'hangul',
  entry: 'ticket',
  entryOpensAt: 500,
  entrySpreadSeconds: 0,
  challenge: 'turnstile',
  version: 7,
};

describe('the state hash', () => {
  it.each([DEFINITION, { ...DEFINITION, entryOpensAt: null }])('has the whole definition: %j', (definition) => {
    expect(fromState(42, stateOf(toStateFields(definition)))).toEqual(definition);
  });

  it('says of a coupon that an instance from before entry tickets has loaded that it is open', () => {
    const state = stateOf(toStateFields(DEFINITION));
    for (const field of ['entry', 'entryOpensAt', 'entrySpreadSeconds', 'challenge']) delete state[field];
    expect(fromState(42, state)).toEqual({ ...DEFINITION, ...OPEN_ENTRY });
  });
});
