import { z } from 'zod';

/**
 * The building blocks of request schemas. Objects are `z.strictObject`, so that an unknown field is refused; a field
 * that may be left out is wrapped in {@link optional} or {@link withDefault}, so that `null` means the same.
 */

const ID_ERROR = `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`;
const LIMIT_ERROR = 'must be a whole number from 1 to 100';
const CURSOR_ERROR = 'is not a cursor of this list: take it from nextCursor of the page before';
const DATE_TIME_ERROR = 'must be a date and time with offset in ISO 8601, such as 2026-11-20T18:00:00+09:00';
const MAX_CURSOR_LENGTH = 512;

/** An id in a JSON body. */
export const id = z.int({ error: ID_ERROR }).min(1, { error: ID_ERROR }).meta({ examples: [42] });

/** An id in a path or a query, where everything is text. */
export const idParam = wholeNumberText(1, Number.MAX_SAFE_INTEGER, ID_ERROR).meta({ examples: ['42'] });

/** `limit` of a list: 1 to 100. */
export const limitQuery = withDefault(wholeNumberText(1, 100, LIMIT_ERROR), 20).meta({
  description: 'Length of the page, 1 to 100; 20 when left out',
  examples: ['20'],
});

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
  return optional(cursor).meta({ description: 'nextCursor of the page before; left out for the first page' });
}

/** Where a list goes on, opaque to the caller; read back by {@link cursorQuery}. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** A point in time; the offset is required, so that nobody has to guess a time zone. */
export const isoDateTime = z.iso
  .datetime({ offset: true, error: DATE_TIME_ERROR })
  .transform((text) => new Date(text))
  .meta({ examples: ['2026-11-20T18:00:00+09:00'] });

/** A field that may be left out or be null, which means the same: undefined. */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A field that may be left out or be null, which means the same: `fallback`. */
export function withDefault<S extends z.ZodType>(schema: S, fallback: z.output<S>) {
  return schema.nullish().transform((value) => value ?? fallback);
}

function wholeNumberText(min: number, max: number, error: string) {
  return z
    .string({ error })
    .regex(/^(0|[1-9]\d{0,15})$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
