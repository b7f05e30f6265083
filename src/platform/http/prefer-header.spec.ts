import { expect, it } from '@jest/globals';
import { preferredWait } from './prefer-header.js';

it.each<[prefer: string | undefined, seconds: number | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['wait=10', 10],
  ['Wait = 10', 10],
  ['wait="10"', 10],
  ['respond-async, wait=10', 10],
  ['wait=10; strictly, wait=20', 10],
  ['note="a, wait=3", wait=7', 7],
  ['wait', undefined],
  ['wait=', undefined],
  ['wait=-1', undefined],
  ['wait=1.5', undefined],
  ['wait=10s', undefined],
  ['wait="10', undefined],
  ['waiting=10', undefined],
])('a wait is read from %p', (prefer, seconds) => {
  expect(preferredWait(prefer)).toBe(seconds);
});
