import { z } from 'zod';
import { OUTCOMES } from '../../identity/index.js';
import { id, nextCursor, time } from '../../platform/http/response-schemas.js';

const state = (what: string) => z.record(z.string(), z.unknown()).nullable().meta({ description: what });

const actionResponse = z
  .object({
    actionId: id,
    at: time,
    actor: z.string().meta({ description: 'The name of a key, `user:1000`, or `jwt:<sub>`' }),
    action: z.string().meta({ description: 'What was done, such as coupon.change' }),
    couponId: id.nullable().meta({ description: 'Null for what is not about a coupon' }),
    subject: z.string().nullable().meta({ description: 'What it was done to, such as coupons/1' }),
    before: state('What changed, as it was'),
    after: state('What changed, as it is; or what came of it'),
    outcome: z.enum(OUTCOMES).meta({ description: 'STARTED where the process ended before it could say' }),
    requestId: z.string(),
  })
  .meta({ id: 'AdminAction' });

export const actionListResponse = z.object({ actions: z.array(actionResponse), nextCursor }).meta({
  id: 'AdminActionList',
  example: {
    actions: [
      {
        actionId: 17,
        at: '2026-11-20T09:00:00.000Z',
        actor: 'promotions',
        action: 'coupon.change',
        couponId: 1,
        subject: 'coupons/1',
        before: { isActive: true },
        after: { isActive: false },
        outcome: 'DONE',
        requestId: '9f86d081884c-2s',
      },
    ],
    nextCursor: null,
  },
});
