import { z } from 'zod';

/**
 * The building blocks of request schemas. Objects are `z.strictObject`, so that an unknown field is refused; a field
 * that may be left out is wrapped in {@link optional} or {@link withDefault}, so that `null` means the same.
 */

const ID_ERROR = `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`;
const MAX_LIMIT = 100;
const LIMIT_ERROR = `must be a whole number from 1 to ${MAX_LIMIT}`;
const CURSOR_ERROR = 'is not a cursor of this list: take it from nextCursor of the page before';
const DATE_TIME_ERROR = 'must be a date and time with offset in ISO 8601, such as 2026-11-20T18:00:00+09:00';
const MAX_CURSOR_LENGTH = 512;

/** An id in a JSON body. */
export const id = z
  .int({ error: ID_ERROR })
  .min(1, { error: ID_ERROR })
  .meta({ examples: [42] });

/** A number in a JSON body, from 1 to `max`. */
export function wholeNumber(max: number) {
  const error = `must be a whole number from 1 to ${max}`;
  return z.int({ error }).min(1, { error }).max(max, { error });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

/** Controls, line separators, and what shows the text after it in another order than it has. */
const NOT_IN_TEXT = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;
/** A character that leaves a mark: no space, nothing without a shape, and not the empty one of Braille. */
const VISIBLE = /[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * Text of 1 to `maxLength` characters, trimmed, in which there is something to see. Characters are counted as a column
 * counts them, not in UTF-16 units.
 *
 * @param forbidden characters that it may not have
 */
export function visibleText(maxLength: number, error: string, forbidden = NOT_IN_TEXT) {
  return z
    .string({ error })
    .trim()
    .refine((text) => VISIBLE.test(text) && !forbidden.test(text) && Array.from(text).length <= maxLength, { error })
    .meta({ minLength: 1, maxLength });
}

/** An id in a path or a query, where everything is text. */
export const idParam = wholeNumberText({ max: Number.MAX_SAFE_INTEGER, error: ID_ERROR, example: 42 });

/** `limit` of a list: 1 to 100. */
export const limitQuery = limitWithDefault(20, 'Length of the page');

/** A number from 1 to 100 in a query that may be left out. */
export function limitWithDefault(fallback: number, description: string) {
  return wholeNumberText({ max: MAX_LIMIT, error: LIMIT_ERROR, example: fallback })
    .optional()
    .transform((limit) => limit ?? fallback)
    .meta({ description: `${description}; ${fallback} when left out` });
}

/**
 * `cursor` of a list: the text of {@link encodeCursor} as the value it was made from, or undefined for the first page.
 *
 * @param position what a cursor of this list holds, such as {@link id}
 */
export function cursorQuery<T>(position: z.ZodType<T>) {
  const cursor = z
    .string({ error: CURSOR_ERROR })
    .max(MAX_CURSOR_LENGTH, { error: CURSOR_ERROR })
    .transform((text, context): T => {
      const decoded = position.safeParse(decode(text));
      if (decoded.success) return decoded.data;
      context.addIssue({ code: 'custom', message: CURSOR_ERROR });
      return z.NEVER;
    });
  return cursor.optional().meta({ description: 'nextCursor of the page before; left out for the first page' });
}

/** The last millisecond that DATETIME can hold. */
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Where a list goes on that has the newest first: when the last one seen was made, in ms since 1970, and its id. Ids
 * alone are not in the order of time: on a Galera cluster each node has a series of its own.
 */
export const newestPosition = z.tuple([z.int().min(0).max(LATEST_MS), id]);
export type NewestPosition = z.output<typeof newestPosition>;

/** Where a list goes on, opaque to the caller; read back by {@link cursorQuery}. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** A point in time; the offset is required, so that nobody has to guess a time zone. */
export const isoDateTime = z.iso
  .datetime({ offset: true, error: DATE_TIME_ERROR })
  .meta({ examples: ['2026-11-20T18:00:00+09:00'] })
  .transform((text) => new Date(text));

/** A field that may be left out or be null, which means the same: undefined. */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A field that may be left out or be null, which means the same: `fallback`. */
export function withDefault<S extends z.ZodType>(schema: S, fallback: z.output<S>) {
  return schema.nullish().transform((value) => value ?? fallback);
}

/** A whole number from 1 to `max`, written as text. */
function wholeNumberText({ max, error, example }: { max: number; error: string; example: number }) {
  return (
    z
      .string({ error })
      .regex(/^[1-9]\d{0,15}$/, { error })
      // For the OpenAPI document: in a URL a number is its text anyway.
      .meta({ type: 'integer', minimum: 1, maximum: max, examples: [example] })
      .transform(Number)
      .refine((value) => value <= max, { error })
  );
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
