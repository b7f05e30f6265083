import { z } from 'zod';
import { idempotencyKey } from '../platform/idempotency/idempotency-key.js';

/** What the calls of this module take. */

const MAX_AMOUNT = 1_000_000_000_000;
const AMOUNT_ERROR = `must be a whole number from 1 to ${MAX_AMOUNT}`;

export const chargeBody = z
  .strictObject({
    amount: z
      .int({ error: AMOUNT_ERROR })
      .min(1, { error: AMOUNT_ERROR })
      .max(MAX_AMOUNT, { error: AMOUNT_ERROR })
      .meta({ description: 'In won' }),
    idempotencyKey,
  })
  .meta({ example: { amount: 50_000, idempotencyKey: 'charge-2026-11-20-0001' } });
export type Charge = z.output<typeof chargeBody>;
