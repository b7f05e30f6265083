import { expect } from '@jest/globals';

const DAY_MS = 24 * 3_600_000;

/** So many days from now, as the API takes it; in the past when the number is negative. */
export function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}

/** Matches any time that the API answers: ISO 8601, with its zone. */
export const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
