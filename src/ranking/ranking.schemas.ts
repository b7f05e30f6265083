import { z } from 'zod';
import { limitWithDefault } from '../platform/http/schemas.js';
import { isCalendarDay } from './business-day.js';

/** What the calls of this module take. */

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

export const dayQuery = z.strictObject({ date });
export type DayQuery = z.output<typeof dayQuery>;

export const topQuery = z.strictObject({ date, limit: limitWithDefault(10, 'How many products at most') });
export type TopQuery = z.output<typeof topQuery>;
