import { z } from 'zod';

/** What the calls of this module answer, with examples; for the OpenAPI document only. */

const id = z.int().min(1);
const time = z.string().meta({ format: 'date-time', description: 'ISO 8601 with offset' });
const balance = z.int().min(0).meta({ description: 'In won' });

export const userResponse = z.object({ userId: id, name: z.string(), email: z.string(), createdAt: time }).meta({
  example: { userId: 1042, name: 'Kim Jiwoo', email: 'jiwoo@example.com', createdAt: '2026-11-01T02:00:00.000Z' },
});

export const balanceResponse = z.object({ userId: id, balance }).meta({ example: { userId: 1042, balance: 60_000 } });

export const chargeResponse = z
  .object({
    userId: id,
    balance: balance.meta({ description: 'In won, after the charge' }),
    chargedAmount: id,
    chargedAt: time,
  })
  .meta({ example: { userId: 1042, balance: 110_000, chargedAmount: 50_000, chargedAt: '2026-11-20T09:00:00.123Z' } });
