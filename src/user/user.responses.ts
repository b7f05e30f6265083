import { z } from 'zod';
import { id, nextCursor, time, won } from '../platform/http/response-schemas.js';
import { BALANCE_ENTRY_KINDS } from './balance-entry.js';

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

export const balanceEntriesResponse = z
  .object({
    entries: z.array(
      z
        .object({
          entryId: id,
          amount: z.int().meta({ description: 'In won; below zero where it was taken, never 0' }),
          kind: z.enum(BALANCE_ENTRY_KINDS).meta({ description: 'OPENING: what the balance was when entries began' }),
          orderId: id.nullable().meta({ description: 'The order that was paid or refunded' }),
          createdAt: time,
        })
        .meta({ id: 'BalanceEntry' }),
    ),
    nextCursor,
  })
  .meta({
    id: 'BalanceEntryList',
    example: {
      entries: [
        { entryId: 12, amount: -24_900, kind: 'PAYMENT', orderId: 1, createdAt: '2026-11-20T09:00:04.567Z' },
        { entryId: 11, amount: 50_000, kind: 'CHARGE', orderId: null, createdAt: '2026-11-20T09:00:00.123Z' },
      ],
      nextCursor: null,
    },
  });

export const balanceAuditResponse = z
  .object({
    consistent: z.boolean(),
    balances: z.int().min(0).meta({ description: 'How many there are' }),
    unexplained: z.int().min(0).meta({ description: 'How many of them are not the sum of their entries' }),
    differences: z.array(z.object({ userId: id, balance: z.int(), entriesTotal: z.int() })).meta({
      description: 'The first 100 of these by user id, in won',
    }),
  })
  .meta({
    id: 'BalanceAudit',
    example: {
      consistent: false,
      balances: 50_000,
      unexplained: 1,
      differences: [{ userId: 1000, balance: 60_000, entriesTotal: 50_000 }],
    },
  });
