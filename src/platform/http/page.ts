import { encodeCursor } from './schemas.js';

/** A part of a list. */
export interface Page<T> {
  readonly page: T[];
  /** What to ask the next page by; null on the last one. */
  readonly nextCursor: string | null;
}

/**
 * The page of a list, from rows of which one more than `limit` was asked for, to see whether the list goes on.
 *
 * @param positionOf what the cursor of this list holds of the last row of the page
 */
export function pageOf<T>(found: readonly T[], limit: number, positionOf: (last: T) => unknown): Page<T> {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: found.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null };
}
