import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { AlreadyIssuedError, CouponSoldOutError } from '../coupon.errors.js';
import type { IssuanceFailure } from '../issuance-failure.entity.js';
import { AdmissionService } from '../reservation/admission.service.js';
import { DefinitionCache } from '../reservation/definition-cache.js';
import { FailureRepository } from './failure.repository.js';
import { FailureService } from './failure.service.js';

const NOW = new Date('2026-11-20T09:00:00Z');

function fake<T extends object>(type: { prototype: T }, members: Partial<T>): T {
  return Object.assign<T, Partial<T>>(Object.create(type.prototype), members);
}

describe('the retry of a failure', () => {
  const admitAgain = jest.fn<AdmissionService['admitAgain']>();
  const markRetried = jest.fn<FailureRepository['markRetried']>();
  let failure: Partial<IssuanceFailure>;
  let service: FailureService;

  beforeEach(() => {
    failure = { id: 3, couponId: 7, userId: 42, retriedAt: null };
    admitAgain.mockReset().mockResolvedValue({ userId: 42, sequenceNumber: 9 });
    markRetried.mockReset().mockResolvedValue();
    service = new FailureService(
      fake(FailureRepository, { find: async () => failure as IssuanceFailure, markRetried }),
      fake(DefinitionCache, { require: jest.fn<DefinitionCache['require']>() }),
      fake(AdmissionService, { admitAgain }),
      fake(Clock, { now: () => NOW }),
    );
  });

  it('is noted', async () => {
    expect(await service.retry(7, 3)).toMatchObject({ userId: 42, sequenceNumber: 9, status: 'RESERVED' });
    expect(markRetried.mock.calls).toEqual([[3, NOW]]);
  });

  it('stands although it could not be noted, since the user holds the slot', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    markRetried.mockRejectedValue(new Error('connection lost'));
    expect(await service.retry(7, 3)).toMatchObject({ sequenceNumber: 9 });
    expect(warn.mock.calls).toEqual([['coupon 7: failure 3 is retried, which could not be noted: connection lost']]);
    warn.mockRestore();
  });

  it('is noted when the user holds a slot by now, but keeps the time of an earlier one', async () => {
    admitAgain.mockRejectedValue(new AlreadyIssuedError(7, 42));
    await expect(service.retry(7, 3)).rejects.toBeInstanceOf(AlreadyIssuedError);
    expect(markRetried.mock.calls).toEqual([[3, NOW]]);

    failure = { ...failure, retriedAt: NOW };
    await expect(service.retry(7, 3)).rejects.toBeInstanceOf(AlreadyIssuedError);
    expect(markRetried).toHaveBeenCalledTimes(1);
  });

  it('is not noted when there is no slot', async () => {
    admitAgain.mockRejectedValue(new CouponSoldOutError(7));
    await expect(service.retry(7, 3)).rejects.toBeInstanceOf(CouponSoldOutError);
    expect(markRetried).not.toHaveBeenCalled();
  });
});
