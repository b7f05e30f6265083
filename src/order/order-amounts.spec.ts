import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type Discount, orderAmounts, type PricedLine } from './order-amounts.js';

const ON_ALL = { maxDiscountAmount: null, productIds: null };
const amountOff = (discountAmount: number): Discount => ({ discountAmount, discountRate: null, ...ON_ALL });
const percentOff = (discountRate: number): Discount => ({ discountAmount: null, discountRate, ...ON_ALL });

describe('the amounts of an order', () => {
  it('are price times quantity, added up', () => {
    const lines = [
      { productId: 1, unitPrice: 1500, quantity: 3 },
      { productId: 2, unitPrice: 89_000, quantity: 1 },
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
    ['a rate up to its limit', 10_000, { ...percentOff(50), maxDiscountAmount: 5000 }, 5000],
    ['a rate no further than its limit', 10_000, { ...percentOff(50), maxDiscountAmount: 4999 }, 4999],
    ['nothing of what it does not count on', 10_000, { ...percentOff(50), productIds: [2] }, 0],
  ])('take off %s', (_name, unitPrice, discount, expected) => {
    expect(orderAmounts([{ productId: 1, unitPrice, quantity: 1 }], discount)).toEqual({
      subtotalAmount: unitPrice,
      discountAmount: expected,
      totalAmount: unitPrice - expected,
    });
  });

  it('take off of the lines alone on which the discount counts', () => {
    const lines = [
      { productId: 1, unitPrice: 1000, quantity: 2 },
      { productId: 2, unitPrice: 400, quantity: 1 },
      { productId: 3, unitPrice: 50_000, quantity: 1 },
    ];
    const on = (discount: Discount) => orderAmounts(lines, { ...discount, productIds: [2, 1, 9] }).discountAmount;
    expect([on(amountOff(3000)), on(amountOff(2399)), on(percentOff(10))]).toEqual([2400, 2399, 240]);
  });

  it('are exact, and never below zero, whatever the lines and the discount', () => {
    const productId = fc.integer({ min: 1, max: 5 });
    // A hundred lines of these come to less than the largest safe integer.
    const line = fc.record({
      productId,
      unitPrice: fc.integer({ min: 0, max: 9_000_000_000 }),
      quantity: fc.integer({ min: 1, max: 10_000 }),
    });
    const limit = fc.option(fc.integer({ min: 1, max: 1_000_000_000_000 }));
    const conditions = {
      maxDiscountAmount: limit,
      productIds: fc.option(fc.uniqueArray(productId, { minLength: 1 })),
    };
    const discount = fc.oneof(
      fc.record({
        ...conditions,
        discountAmount: fc.integer({ min: 1, max: 1_000_000_000_000 }),
        discountRate: fc.constant(null),
        maxDiscountAmount: fc.constant(null),
      }),
      fc.record({ ...conditions, discountAmount: fc.constant(null), discountRate: fc.integer({ min: 1, max: 100 }) }),
    );
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 100 }), discount, (lines, off) => {
        const amounts = orderAmounts(lines, off);
        expect(amounts).toEqual(byHand(lines, off));
        expect(Math.min(amounts.discountAmount, amounts.totalAmount)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });
});

function sum(lines: readonly PricedLine[]): bigint {
  return lines.reduce((total, { unitPrice, quantity }) => total + BigInt(unitPrice) * BigInt(quantity), 0n);
}

function atMost(amount: bigint, limit: number | null): bigint {
  return limit !== null && BigInt(limit) < amount ? BigInt(limit) : amount;
}

/** The same in numbers of any size, and in the words of the specification. */
function byHand(lines: readonly PricedLine[], off: Discount) {
  const subtotal = sum(lines);
  const eligible = sum(lines.filter(({ productId }) => off.productIds === null || off.productIds.includes(productId)));
  const discount =
    off.discountRate === null
      ? atMost(eligible, off.discountAmount)
      : atMost((eligible * BigInt(off.discountRate)) / 100n, off.maxDiscountAmount);
  return {
    subtotalAmount: Number(subtotal),
    discountAmount: Number(discount),
    totalAmount: Number(subtotal - discount),
  };
}
