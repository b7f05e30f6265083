import { describe, expect, it } from '@jest/globals';
import { requestId } from './request-id.js';

function idFor(given?: string | string[]): string {
  return requestId({ headers: { 'x-request-id': given } });
}

describe('requestId', () => {
  it.each(['a', 'Trace-1.2_3', 'x'.repeat(128)])('keeps %p', (given) => expect(idFor(given)).toBe(given));

  it.each([undefined, '', 'x'.repeat(129), 'two words', 'new\nline', 'ü', ['a', 'b']])('replaces %p', (given) => {
    expect(idFor(given)).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
  });

  it('is never the same twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => idFor()))).toHaveProperty('size', 1000);
  });
});
