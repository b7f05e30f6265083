import { z } from 'zod';
import {
  cursorQuery,
  id,
  limitQuery,
  newestPosition,
  optional,
  visibleText,
  wholeNumber,
} from '../platform/http/schemas.js';
import { idempotencyKey } from '../platform/idempotency/idempotency-key.js';

/** What the calls of this module take. */

const MAX_AMOUNT = 1_000_000_000_000;

export const chargeBody = z
  .strictObject({ amount: wholeNumber(MAX_AMOUNT).meta({ description: 'In won' }), idempotencyKey })
  .meta({ id: 'ChargeRequest', example: { amount: 50_000, idempotencyKey: 'charge-2026-11-20-0001' } });
export type Charge = z.output<typeof chargeBody>;

export const balanceEntriesQuery = z.strictObject({ cursor: cursorQuery(newestPosition), limit: limitQuery });
export type BalanceEntriesQuery = z.output<typeof balanceEntriesQuery>;

const MAX_NAME_LENGTH = 100;
const MAX_EMAIL_LENGTH = 255;
const NAME_ERROR = `must be text of 1 to ${MAX_NAME_LENGTH} visible characters`;
const EMAIL_ERROR = `must be an e-mail address of at most ${MAX_EMAIL_LENGTH} characters`;
/** Whether mail reaches it only its server knows; here it must not be something else by mistake. */
const EMAIL = /^[^\s@"<>,;]+@[^\s@"<>,;]+$/;

export const userName = visibleText(MAX_NAME_LENGTH, NAME_ERROR);
export const userEmail = visibleText(MAX_EMAIL_LENGTH, EMAIL_ERROR)
  .refine((text) => EMAIL.test(text), { error: EMAIL_ERROR })
  .meta({ description: 'Compared byte by byte; no two users have the same' });

export const putUserBody = z
  .strictObject({ name: userName, email: optional(userEmail) })
  .meta({ id: 'PutUserRequest', example: { name: 'Lee Minseo', email: 'minseo@example.com' } });
export type PutUser = z.output<typeof putUserBody>;

/** A line of an import. */
export const importedUser = z.strictObject({ userId: id, name: userName, email: optional(userEmail) });
export type ImportedUser = z.output<typeof importedUser>;
