import { z } from 'zod';
import { id, time, won } from '../platform/http/response-schemas.js';

/** What the calls of this module answer, with examples: for the OpenAPI document, and for the types of the views. */

export const userResponse = z
  .object({
    userId: id,
    name: z.string(),
    email: z.string().nullable().meta({ description: 'null for a user of whom none is known' }),
    createdAt: time,
  })
  .meta({
    id: 'User',
    example: { userId: 1000, name: 'Kim Jiwoo', email: 'jiwoo@example.com', createdAt: '2026-11-01T02:00:00.000Z' },
  });

export const balanceResponse = z
  .object({ userId: id, balance: won })
  .meta({ id: 'Balance', example: { userId: 1000, balance: 60_000 } });

export const chargeResponse = z
  .object({
    userId: id,
    balance: won.meta({ description: 'In won, after the charge' }),
    chargedAmount: id,
    chargedAt: time,
  })
  .meta({
    id: 'Charge',
    example: { userId: 1000, balance: 110_000, chargedAmount: 50_000, chargedAt: '2026-11-20T09:00:00.123Z' },
  });
