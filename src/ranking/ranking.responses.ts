import { z } from 'zod';
import { id } from '../platform/http/response-schemas.js';
import { SOURCES } from './ranking.js';

/** What the calls of this module answer, with examples; for the OpenAPI document only. */

const date = z.string().meta({ format: 'date', description: 'The day in the business time zone' });
const source = z.enum(SOURCES).meta({
  description:
    'Where the numbers come from: redis (live), backup (copied to MySQL), database (the paid orders added up), ' +
    'memory (the last good answer), none (nobody could be asked)',
});
const asOf = z
  .string()
  .nullable()
  .meta({ format: 'date-time', description: 'The time of the numbers, not of the answer; null with source none' });
const ORIGIN = { date: '2026-11-20', source: 'redis', asOf: '2026-11-20T09:00:00.123Z' };

export const topResponse = z
  .object({
    date,
    source,
    asOf,
    rankings: z.array(
      z
        .object({
          rank: z.int().min(1),
          productId: id,
          productName: z.string().meta({ description: '"Unknown product" for one that was deleted' }),
          salesCount: z.int().min(1).meta({ description: 'Pieces sold that day' }),
        })
        .meta({ id: 'RankedProduct' }),
    ),
  })
  .meta({
    id: 'TopRanking',
    example: {
      ...ORIGIN,
      rankings: [
        { rank: 1, productId: 2, productName: 'Keyboard', salesCount: 310 },
        { rank: 2, productId: 7, productName: 'Mouse', salesCount: 120 },
      ],
    },
  });

export const productRankResponse = z
  .object({
    date,
    source,
    asOf,
    productId: id,
    rank: z.int().min(1).nullable().meta({ description: 'null when it was not sold, or the source cannot know' }),
    salesCount: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: '0 when it was not sold, null when the source cannot know' }),
  })
  .meta({ id: 'ProductRank', example: { ...ORIGIN, productId: 2, rank: 1, salesCount: 310 } });
