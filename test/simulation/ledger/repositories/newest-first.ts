import type { NewestPosition } from '../../../../src/platform/http/schemas.js';

/** Whether a row that was made then comes after the cursor, in a list that has the newest first. */
export function isBefore(madeAt: Date, id: number, cursor: NewestPosition | undefined): boolean {
  if (cursor === undefined) return true;
  const [at, lastId] = cursor;
  return madeAt.getTime() < at || (madeAt.getTime() === at && id < lastId);
}
