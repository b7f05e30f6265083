import { describe, expect, it } from '@jest/globals';
import { IssueCouponRequestSchema } from './generated/coupon/v1/coupon_pb.js';
import { BINARY_FORMAT, JSON_FORMAT } from './message-formats.js';

describe('a message that is read', () => {
  it('keeps nothing of the fields that are unknown', () => {
    const inBinary = BINARY_FORMAT.read(IssueCouponRequestSchema, Buffer.from([0x08, 7, 0x78, 1, 0x78, 2]));
    const inJson = JSON_FORMAT.read(IssueCouponRequestSchema, Buffer.from('{"campaignId":7,"colour":"blue"}'));
    for (const message of [inBinary, inJson]) {
      expect(message).toMatchObject({ campaignId: 7, userId: 0 });
      expect(message.$unknown).toBeUndefined();
    }
  });
});
