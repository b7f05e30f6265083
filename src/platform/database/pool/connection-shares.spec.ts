import { describe, expect, it } from '@jest/globals';
import { connectionShares } from './connection-shares.js';

const WANTED = new Map([
  ['issuing', { max: 6, reserved: 3 }],
  ['buying', { max: 5 }],
  ['locking', { max: 5 }],
  ['changing', { max: 2 }],
  ['others', { max: Number.POSITIVE_INFINITY }],
]);

describe('connectionShares', () => {
  it.each([
    // Class: [reserved, max].
    [14, { issuing: [3, 6], buying: [1, 5], locking: [1, 5], changing: [1, 2], others: [1, 8] }],
    [10, { issuing: [3, 6], buying: [1, 4], locking: [1, 4], changing: [1, 2], others: [1, 4] }],
    [7, { issuing: [3, 3], buying: [1, 1], locking: [1, 1], changing: [1, 1], others: [1, 1] }],
    [6, { issuing: [2, 2], buying: [1, 1], locking: [1, 1], changing: [1, 1], others: [1, 1] }],
    [5, { issuing: [1, 1], buying: [1, 1], locking: [1, 1], changing: [1, 1], others: [1, 1] }],
  ])('of %i connections', (poolSize, expected) => {
    const shares = [...connectionShares(poolSize, WANTED)].map(([name, { reserved, max }]) => [name, [reserved, max]]);
    expect(Object.fromEntries(shares)).toEqual(expected);
  });

  it('gives the only class everything', () => {
    const shares = connectionShares(4, new Map([['others', { max: Number.POSITIVE_INFINITY }]]));
    expect(shares.get('others')).toEqual({ reserved: 1, max: 4 });
  });

  it('cuts the greatest reservations first', () => {
    const wanted = new Map([
      ['a', { max: 9, reserved: 9 }],
      ['b', { max: 9, reserved: 4 }],
      ['c', { max: 9, reserved: 2 }],
    ]);
    expect([...connectionShares(8, wanted).values()].map(({ reserved }) => reserved)).toEqual([3, 3, 2]);
  });

  it('refuses more classes than there are connections', () => {
    expect(() => connectionShares(4, WANTED)).toThrow('5 classes of callers cannot share 4 connections');
  });
});
