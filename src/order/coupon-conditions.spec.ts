import { describe, expect, it } from '@jest/globals';
import { unmetCondition } from './coupon-conditions.js';

const LINES = [
  { productId: 1, unitPrice: 1000, quantity: 2 },
  { productId: 2, unitPrice: 50_000, quantity: 1 },
];

const least = (minOrderAmount: number, productIds: number[] | null) =>
  unmetCondition(LINES, { productIds, minOrderAmount });

describe('the conditions of a coupon', () => {
  it('are met where there are none', () => {
    expect(unmetCondition(LINES, { productIds: null, minOrderAmount: null })).toBeUndefined();
  });

  it('want an amount, of the lines alone on which the discount counts', () => {
    expect(least(52_000, null)).toBeUndefined();
    expect(least(52_001, null)).toEqual({
      reason: 'BELOW_MIN_ORDER_AMOUNT',
      minOrderAmount: 52_001,
      missingAmount: 1,
    });
    expect(least(2000, [1, 9])).toBeUndefined();
    expect(least(3000, [1, 9])).toMatchObject({ reason: 'BELOW_MIN_ORDER_AMOUNT', missingAmount: 1000 });
  });

  it('want one of the products, before anything else', () => {
    expect(unmetCondition(LINES, { productIds: [9, 2], minOrderAmount: null })).toBeUndefined();
    expect(unmetCondition(LINES, { productIds: [8, 9], minOrderAmount: 1 })).toEqual({
      reason: 'NO_ELIGIBLE_PRODUCT',
      productIds: [8, 9],
    });
  });

  it('are met by a product for nothing, where no amount is wanted', () => {
    const gift = [{ productId: 1, unitPrice: 0, quantity: 1 }];
    expect(unmetCondition(gift, { productIds: [1], minOrderAmount: null })).toBeUndefined();
    expect(unmetCondition(gift, { productIds: [1], minOrderAmount: 1 })).toMatchObject({ missingAmount: 1 });
  });
});
