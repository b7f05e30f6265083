import { z } from 'zod';
import { wholeNumber } from '../platform/http/schemas.js';
import { idempotencyKey } from '../platform/idempotency/idempotency-key.js';

/** What the calls of this module take. */

const MAX_AMOUNT = 1_000_000_000_000;

export const chargeBody = z
  .strictObject({ amount: wholeNumber(MAX_AMOUNT).meta({ description: 'In won' }), idempotencyKey })
  .meta({ id: 'ChargeRequest', example: { amount: 50_000, idempotencyKey: 'charge-2026-11-20-0001' } });
export type Charge = z.output<typeof chargeBody>;
