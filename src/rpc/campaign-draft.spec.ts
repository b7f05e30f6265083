import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import { campaignDraft } from './campaign-draft.js';
import { CreateCampaignRequestSchema } from './generated/coupon/v1/coupon_pb.js';

const DEFAULTS = { campaignDays: 2, discountRate: 15 };
const TOMORROW = new Date(Date.now() + 86_400_000);

function draft(fields: MessageInitShape<typeof CreateCampaignRequestSchema> = {}, now = new Date()) {
  const startTime = TOMORROW.toISOString();
  const request = create(CreateCampaignRequestSchema, { name: 'x', couponLimit: 3n, startTime, ...fields });
  return campaignDraft(request, DEFAULTS, now);
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ValidationFailedError) return error.message;
    throw error;
  }
  return 'none';
}

describe('campaignDraft', () => {
  it('is for anyone, with codes and the discount of the settings', () => {
    expect(draft()).toEqual({
      name: 'x',
      totalQuantity: 3,
      discountRate: 15,
      discountAmount: undefined,
      isActive: true,
      isRedeemable: true,
      audience: 'anyone',
      codeFormat: 'hangul',
      strategy: 'reservation',
      entry: 'open',
      entrySpreadSeconds: 10,
      challenge: 'none',
      startsAt: TOMORROW,
      expiresAt: new Date(TOMORROW.getTime() + 2 * 86_400_000),
    });
  });

  it('ends so many days after its start, or after now where it has begun', () => {
    const now = new Date();
    expect(draft({ startTime: '2020-01-01T00:00:00+09:00' }, now)).toMatchObject({
      startsAt: new Date('2019-12-31T15:00:00Z'),
      expiresAt: new Date(now.getTime() + 2 * 86_400_000),
    });
  });

  it('ends with the year 9999 at the latest', () => {
    const { expiresAt } = draft({ startTime: '9999-12-31T12:00:00Z' });
    expect(expiresAt).toEqual(new Date('9999-12-31T23:59:59.999Z'));
  });

  it('has the discount of the request alone', () => {
    expect(draft({ discountAmount: 500n })).toMatchObject({ discountAmount: 500, discountRate: undefined });
    expect(draft({ discountRate: 7 })).toMatchObject({ discountAmount: undefined, discountRate: 7 });
  });

  it('is refused in the words of the request, and for what is wrong alone', () => {
    expect(refusal(() => draft({ couponLimit: 0n, startTime: '' }))).toBe(
      'couponLimit: must be a whole number from 1 to 10000000; ' +
        'startTime: must be a date and time with offset in ISO 8601, such as 2026-11-20T18:00:00+09:00',
    );
    expect(refusal(() => draft({ expiresAt: TOMORROW.toISOString() }))).toBe('expiresAt: must be later than startTime');
  });

  it('refuses a number that is too large for a number of JavaScript', () => {
    expect(refusal(() => draft({ couponLimit: 2n ** 63n - 1n }))).toMatch(/^couponLimit: must be a whole number/);
  });
});
