import { describe, expect, it } from '@jest/globals';
import { type Discount, orderAmounts } from './order-amounts.js';

const amountOff = (discountAmount: number): Discount => ({ discountAmount, discountRate: null });
const percentOff = (discountRate: number): Discount => ({ discountAmount: null, discountRate });

describe('the amounts of an order', () => {
  it('are price times quantity, added up', () => {
    const lines = [
      { unitPrice: 1500, quantity: 3 },
      { unitPrice: 89_000, quantity: 1 },
    ];
    expect(orderAmounts(lines, undefined)).toEqual({ subtotalAmount: 93_500, discountAmount: 0, totalAmount: 93_500 });
  });

  it.each<[string, number, Discount, number]>([
    ['an amount', 10_000, amountOff(3000), 3000],
    ['an amount as large as the subtotal', 3000, amountOff(3000), 3000],
    ['no more than there is', 2999, amountOff(3000), 2999],
    ['a rate', 10_000, percentOff(50), 5000],
    ['a rate, rounded down', 999, percentOff(10), 99],
    ['a rate, rounded down to nothing', 99, percentOff(1), 0],
    ['a rate of which rounding in floating point would make one less', 100, percentOff(29), 29],
    ['everything', 12_345, percentOff(100), 12_345],
    ['a rate of the largest sum there is', Number.MAX_SAFE_INTEGER, percentOff(99), 8_917_127_262_193_581],
    ['nothing of nothing', 0, percentOff(50), 0],
  ])('take off %s', (_name, unitPrice, discount, expected) => {
    expect(orderAmounts([{ unitPrice, quantity: 1 }], discount)).toEqual({
      subtotalAmount: unitPrice,
      discountAmount: expected,
      totalAmount: unitPrice - expected,
    });
  });
});
