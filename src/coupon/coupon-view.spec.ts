import { describe, expect, it } from '@jest/globals';
import { couponView, reservedQuantityOf } from './coupon-view.js';
import { OPEN_ENTRY } from './entry-terms.js';
import { PLAIN_USAGE } from './usage-terms.js';
import { Coupon } from './coupon.entity.js';

const STARTS_AT = new Date('2026-11-20T09:00:00Z');
const EXPIRES_AT = new Date('2026-11-27T09:00:00Z');
const BEFORE = new Date(STARTS_AT.getTime() - 1);
const DURING = STARTS_AT;
const AFTER = EXPIRES_AT;

function coupon(overrides: Partial<Coupon> = {}): Coupon {
  return Object.assign(new Coupon(), {
    id: 42,
    name: 'Test coupon',
    totalQuantity: 10,
    returnedQuantity: 0,
    issuedQuantity: 4,
    failedQuantity: 1,
    discountAmount: 1000,
    discountRate: null,
    startsAt: STARTS_AT,
    expiresAt: EXPIRES_AT,
    isActive: true,
    audience: 'anyone',
    codeFormat: 'none',
    strategy: 'reservation',
    ...OPEN_ENTRY,
    ...PLAIN_USAGE,
    latestExpiresAt: new Date(0),
    version: 3,
    epoch: 1,
    sequenceBase: 0,
    createdAt: STARTS_AT,
    ...overrides,
  });
}

describe('couponView', () => {
  it('shows the counts, and nothing of what only we need', () => {
    expect(couponView(coupon(), 2, DURING)).toEqual({
      couponId: 42,
      name: 'Test coupon',
      totalQuantity: 10,
      returnedQuantity: 0,
      issuedQuantity: 4,
      reservedQuantity: 2,
      remainingQuantity: 4,
      discountAmount: 1000,
      discountRate: null,
      isActive: true,
      audience: 'anyone',
      codeFormat: 'none',
      strategy: 'reservation',
      ...OPEN_ENTRY,
      ...PLAIN_USAGE,
      usableUntil: EXPIRES_AT,
      startsAt: STARTS_AT,
      expiresAt: EXPIRES_AT,
      createdAt: STARTS_AT,
      status: 'OPEN',
    });
  });

  it('shows from when on tickets are given, where they are needed: as set, else ten minutes before the start', () => {
    const opensAt = new Date(STARTS_AT.getTime() - 1234);
    const [byItself, asSet, open] = [
      coupon({ entry: 'ticket' }),
      coupon({ entry: 'ticket', entryOpensAt: opensAt }),
      coupon({ entry: 'open', entryOpensAt: opensAt }),
    ].map((each) => couponView(each, 2, DURING).entryOpensAt);
    expect(byItself).toEqual(new Date('2026-11-20T08:50:00Z'));
    expect(asSet).toEqual(opensAt);
    expect(open).toBeNull();
  });

  it('counts what is issued alone when it is not known what is reserved', () => {
    expect(couponView(coupon(), null, DURING)).toMatchObject({ reservedQuantity: null, remainingQuantity: 6 });
  });

  it('never shows less than nothing', () => {
    expect(couponView(coupon(), 9, DURING)).toMatchObject({ remainingQuantity: 0, status: 'SOLD_OUT' });
  });

  it.each([
    ['PAUSED', { isActive: false }, BEFORE, 6],
    ['SCHEDULED', {}, BEFORE, 6],
    ['ENDED', {}, AFTER, 6],
    ['SOLD_OUT', {}, DURING, 6],
    ['OPEN', {}, DURING, 5],
  ])('says %s before whatever else applies', (status, overrides, now, reserved) => {
    expect(couponView(coupon(overrides), reserved, now).status).toBe(status);
  });
});

describe('reservedQuantityOf', () => {
  const redisCoupon = { loaded: true, reserved: 7, users: 7, sequence: 7, pending: 5, epoch: 1, definition: undefined };

  it('counts a row that is committed but not yet confirmed once', () => {
    expect(reservedQuantityOf(coupon(), redisCoupon, DURING)).toBe(3);
  });

  it('is never negative: rows may have been written that Redis does not know of', () => {
    expect(reservedQuantityOf(coupon({ issuedQuantity: 9 }), redisCoupon, DURING)).toBe(0);
  });

  it('is not known while Redis is away or the coupon is not loaded', () => {
    expect(reservedQuantityOf(coupon(), undefined, DURING)).toBeNull();
    expect(reservedQuantityOf(coupon(), { ...redisCoupon, loaded: false }, DURING)).toBeNull();
  });

  it('is what is pending of a coupon that has ended, which is not loaded again', () => {
    expect(reservedQuantityOf(coupon(), { ...redisCoupon, loaded: false }, AFTER)).toBe(5);
  });

  it('is nothing with the lock strategy, with or without Redis', () => {
    expect(reservedQuantityOf(coupon({ strategy: 'lock' }), undefined, DURING)).toBe(0);
  });
});
