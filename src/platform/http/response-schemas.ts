import { z } from 'zod';
import type { DeepReadonly } from '../config/settings.js';

/** The building blocks of response schemas, which describe the answers in the OpenAPI document. */

/** The type of an answer; for those whose times are text, as in the schema. */
export type AnswerOf<S extends z.ZodType> = DeepReadonly<z.output<S>>;

export const id = z.int().min(1);
export const won = z.int().min(0).meta({ description: 'In won' });
export const time = z.string().meta({ format: 'date-time', description: 'ISO 8601 with offset' });
export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'Goes into cursor of the next call; null on the last page' });
