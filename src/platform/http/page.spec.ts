import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { pageOf } from './page.js';
import { cursorQuery } from './schemas.js';

const positionOf = ({ id }: { id: number }) => id;
const rows = (...ids: number[]) => ids.map((id) => ({ id }));

describe('pageOf', () => {
  it('goes on behind the last row of the page when there is one more', () => {
    const { page, nextCursor } = pageOf(rows(9, 8, 7), 2, positionOf);
    expect(page).toEqual(rows(9, 8));
    expect(cursorQuery(z.int()).parse(nextCursor)).toBe(8);
  });

  it('ends where there is none', () => {
    expect(pageOf(rows(9, 8), 2, positionOf)).toEqual({ page: rows(9, 8), nextCursor: null });
    expect(pageOf(rows(9), 2, positionOf)).toEqual({ page: rows(9), nextCursor: null });
    expect(pageOf([], 2, positionOf)).toEqual({ page: [], nextCursor: null });
  });
});
