import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventPublisher } from '../../platform/events/event-publisher.js';
import { AdmissionService } from './admission.service.js';
import type { AdmissionStore } from './admission.store.js';
import type { CouponDefinition } from './coupon-definition.js';
import type { RebuildService } from './rebuild.service.js';
import { RefusalTally } from './refusal-tally.js';
import type { ReservationMetrics } from './reservation-metrics.js';

const NOW = Date.parse('2026-11-20T09:00:00Z');
const HOUR_MS = 3_600_000;

function coupon(window: Partial<CouponDefinition>): CouponDefinition {
  return {
    couponId: 7,
    isActive: true,
    startsAt: NOW - HOUR_MS,
    expiresAt: NOW + HOUR_MS,
    ...window,
  } as CouponDefinition;
}

describe('AdmissionService', () => {
  const reserve = jest.fn<AdmissionStore['reserve']>();
  const publish = jest.fn<EventPublisher['publish']>();
  const start = jest.fn<RebuildService['start']>();
  let admission: AdmissionService;

  beforeEach(() => {
    for (const mock of [reserve, publish, start]) mock.mockReset();
    admission = new AdmissionService(
      { reserve } as unknown as AdmissionStore,
      { start } as unknown as RebuildService,
      { publish } as unknown as EventPublisher,
      { now: () => 0, record: () => undefined } as unknown as ReservationMetrics,
      new RefusalTally(),
      { now: () => new Date(NOW) },
      { reach: () => undefined },
    );
  });

  it('tells of those whom Redis admitted together, with a time that another process understands', async () => {
    reserve.mockResolvedValue([41, 'SOLD_OUT', 42]);
    const requests = [1, 2, 3].map((userId) => ({ userId, askedAt: 0 }));
    const outcomes = await admission.admit(coupon({}), requests);
    expect(outcomes).toMatchObject([{ sequenceNumber: 41 }, { code: 'COUPON_SOLD_OUT' }, { sequenceNumber: 42 }]);
    const reservations = [
      { userId: 1, sequenceNumber: 41, reservedAt: NOW },
      { userId: 3, sequenceNumber: 42, reservedAt: NOW },
    ];
    expect(publish.mock.calls).toEqual([[{ type: 'coupon.reserved', couponId: 7, reservations }]]);
  });

  it.each([
    ['open', {}, 'RESERVATION_UNAVAILABLE', 1],
    ['paused', { isActive: false }, 'COUPON_INACTIVE', 1],
    ['not open yet', { startsAt: NOW + 1 }, 'COUPON_NOT_STARTED', 1],
    ['over', { expiresAt: NOW }, 'COUPON_EXPIRED', 0],
  ])('refuses a coupon that is not loaded and %s for its own reason', async (_what, window, code, rebuilds) => {
    reserve.mockResolvedValue(['NOT_LOADED']);
    expect(await admission.admit(coupon(window), [{ userId: 1, askedAt: 0 }])).toMatchObject([{ code }]);
    expect(start).toHaveBeenCalledTimes(rebuilds);
  });

  it('keeps the one who is admitted again apart, and ignores the window for nobody else', async () => {
    reserve.mockResolvedValue([43]);
    expect(await admission.admitAgain(7, 4)).toEqual({ userId: 4, sequenceNumber: 43, reservedAt: NOW });
    await admission.admit(coupon({}), [{ userId: 5, askedAt: 0 }]);
    expect(reserve.mock.calls).toEqual([
      [7, [4], { ignoreWindow: true }],
      [7, [5], undefined],
    ]);
    expect(publish).toHaveBeenCalledTimes(2);
  });

  it('has a coupon rebuilt for the one who is admitted again, also when it is over', async () => {
    reserve.mockResolvedValue(['NOT_LOADED']);
    await expect(admission.admitAgain(7, 4)).rejects.toMatchObject({ code: 'RESERVATION_UNAVAILABLE' });
    expect(start).toHaveBeenCalledWith(7);
    expect(publish).not.toHaveBeenCalled();
  });
});
