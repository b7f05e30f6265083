import { expect } from '@jest/globals';
import type { Answer } from './api-client.js';

/** Asserts that the caller is told which side is away, and in how many seconds to come back. */
export function expectUnavailable(answer: Answer<unknown>, error = 'DATABASE_UNAVAILABLE'): void {
  expect(answer).toMatchObject({ status: 503, error });
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
}
