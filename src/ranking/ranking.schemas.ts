import { z } from 'zod';
import { isCalendarDay } from './business-day.js';

/** What the calls of this module take. */

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;
const LIMIT_ERROR = `must be a whole number from 1 to ${MAX_LIMIT}`;
const DATE_ERROR = 'must be a calendar day as YYYY-MM-DD, from 1000-01-01 to today';
/** The first day that a DATE column of MySQL holds. */
const EARLIEST = '1000-01-01';

const date = z
  .string({ error: DATE_ERROR })
  .refine((text) => isCalendarDay(text) && text >= EARLIEST, { error: DATE_ERROR })
  .optional()
  .meta({
    format: 'date',
    examples: ['2026-11-20'],
    description: 'A day in the business time zone; today when left out, and no later',
  });

const limit = z
  .string({ error: LIMIT_ERROR })
  .regex(/^[1-9]\d{0,2}$/, { error: LIMIT_ERROR })
  .meta({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, examples: [DEFAULT_LIMIT] })
  .transform(Number)
  .refine((value) => value <= MAX_LIMIT, { error: LIMIT_ERROR })
  .optional()
  .transform((value) => value ?? DEFAULT_LIMIT)
  .meta({ description: `How many products at most; ${DEFAULT_LIMIT} when left out` });

export const dayQuery = z.object({ date });
export type DayQuery = z.output<typeof dayQuery>;

export const topQuery = z.object({ date, limit });
export type TopQuery = z.output<typeof topQuery>;
