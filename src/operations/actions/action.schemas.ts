import { z } from 'zod';
import { cursorQuery, idParam, limitQuery, newestPosition } from '../../platform/http/schemas.js';

const ACTOR_ERROR = 'must be the name of an actor, of 1 to 128 characters';

export const actionsQuery = z.strictObject({
  couponId: idParam.optional().meta({ description: 'Only what was done to this coupon' }),
  actor: z
    .string({ error: ACTOR_ERROR })
    .min(1, { error: ACTOR_ERROR })
    .max(128, { error: ACTOR_ERROR })
    .optional()
    .meta({ description: 'Only what this one did: the name of a key, `user:1042`, `jwt:<sub>`' }),
  cursor: cursorQuery(newestPosition),
  limit: limitQuery,
});
export type ActionsQuery = z.output<typeof actionsQuery>;
