import { describe, expect, it } from '@jest/globals';
import { driftBetween, type Look } from './coupon-drift.js';

/** 10 of 100 issued, nothing pending. */
function look({
  issued = 10,
  total = 100,
  ...redis
}: { issued?: number; total?: number } & Partial<Look['redis']> = {}): Look {
  return {
    redis: { loaded: true, reserved: redis.users ?? 10, users: 10, pending: 0, ...redis },
    capacity: total,
    issuedQuantity: issued,
  };
}

describe('driftBetween', () => {
  it('is 0 when both agree, twice', () => {
    expect(driftBetween(look(), look())).toBe(0);
  });

  it('is 0 for work in flight, of which MySQL is read later than Redis', () => {
    // 5 pending, of which 3 are committed by the time MySQL is read; then 20 more came
    expect(
      driftBetween(look({ users: 15, pending: 5, issued: 13 }), look({ users: 35, pending: 20, issued: 30 })),
    ).toBe(0);
    // committed and not yet confirmed, in both looks
    expect(driftBetween(look({ users: 15, pending: 5, issued: 15 }), look({ users: 15, pending: 5, issued: 15 }))).toBe(
      0,
    );
  });

  it('counts slots that nobody holds, once two looks show them', () => {
    const leaked = look({ users: 13 });
    expect(driftBetween(look(), leaked)).toBe(0);
    expect(driftBetween(leaked, leaked)).toBe(3);
    expect(driftBetween(leaked, look({ users: 12 }))).toBe(2);
    expect(driftBetween(leaked, look())).toBe(0);
  });

  it('does not take rows that one look was too early for as leaked slots', () => {
    // A replica that is behind: users without a pending entry, and their rows are seen at the next look
    expect(driftBetween(look({ users: 15, issued: 10 }), look({ users: 20, issued: 15 }))).toBe(0);
  });

  it('counts rows whose users hold no slot', () => {
    const lost = look({ users: 8 });
    expect(driftBetween(lost, lost)).toBe(2);
    expect(driftBetween(look(), lost)).toBe(2);
    expect(driftBetween(lost, look())).toBe(0);
  });

  it('counts a counter that contradicts the set, although the coupon is closed then', () => {
    const torn = look({ loaded: false, reserved: 14 });
    expect(driftBetween(torn, torn)).toBe(4);
    expect(driftBetween(look(), torn)).toBe(0);
  });

  it('counts what was issued above the total', () => {
    const over = look({ issued: 12, users: 12, total: 10 });
    expect(driftBetween(over, over)).toBe(2);
  });

  it('compares nothing with a coupon that is not loaded', () => {
    const closed = look({ loaded: false, reserved: undefined, users: 0, pending: 3 });
    expect(driftBetween(closed, closed)).toBe(0);
    expect(driftBetween(look(), closed)).toBe(0);
  });
});
