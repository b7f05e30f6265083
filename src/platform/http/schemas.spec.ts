import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { cursorQuery, encodeCursor, id, idParam, isoDateTime, limitQuery, optional, withDefault } from './schemas.js';

const LARGEST = Number.MAX_SAFE_INTEGER;

function accepts(schema: z.ZodType, value: unknown): boolean {
  return schema.safeParse(value).success;
}

describe('id', () => {
  it.each([1, 42, LARGEST])('is %p', (value) => expect(id.parse(value)).toBe(value));

  it.each([0, -1, 1.5, LARGEST + 1, Number.NaN, '1', null, undefined, true])('is not %p', (value) => {
    expect(accepts(id, value)).toBe(false);
  });
});

describe('idParam', () => {
  it.each([
    ['1', 1],
    [String(LARGEST), LARGEST],
  ])('reads %p', (text, value) => expect(idParam.parse(text)).toBe(value));

  it.each(['0', '-1', '1.0', '1e3', ' 1', '01', '', 'abc', '9007199254740992', '99999999999999999999', 1])(
    'refuses %p',
    (text) => expect(accepts(idParam, text)).toBe(false),
  );
});

describe('limitQuery', () => {
  it.each([
    ['1', 1],
    ['100', 100],
    [undefined, 20],
  ])('reads %p', (text, value) => expect(limitQuery.parse(text)).toBe(value));

  it.each(['0', '101', '-5', '', 'ten', ['5', '6']])('refuses %p', (text) =>
    expect(accepts(limitQuery, text)).toBe(false),
  );
});

describe('cursorQuery', () => {
  const cursor = cursorQuery(z.strictObject({ at: z.int(), id }));

  it('gives back what was encoded, and undefined for the first page', () => {
    const position = { at: 1_763_600_000, id: 42 };

    expect(encodeCursor(position)).toMatch(/^[\w-]+$/);
    expect(cursor.parse(encodeCursor(position))).toEqual(position);
    expect(cursor.parse(undefined)).toBeUndefined();
  });

  it.each(['', 'zzz', encodeCursor(42), encodeCursor({ at: 1, id: 0 }), 'x'.repeat(600), ['a', 'b']])(
    'refuses %p with a message that helps',
    (text) => {
      const { error } = cursor.safeParse(text);

      expect(error?.issues[0]?.message).toBe(
        'is not a cursor of this list: take it from nextCursor of the page before',
      );
    },
  );
});

describe('isoDateTime', () => {
  it.each(['2026-11-20T18:00:00+09:00', '2026-11-20T09:00:00Z', '2026-11-20T09:00:00.000Z'])('reads %p', (text) => {
    expect(isoDateTime.parse(text)).toEqual(new Date('2026-11-20T09:00:00Z'));
  });

  it.each(['2026-11-20T09:00:00', '2026-11-20', '2026-02-30T00:00:00Z', '2026-11-20T09:00:00+99:00', 1, ''])(
    'refuses %p',
    (text) => expect(accepts(isoDateTime, text)).toBe(false),
  );
});

describe('optional and withDefault', () => {
  const schema = z.strictObject({ couponId: optional(id), limit: withDefault(id, 5) });

  it('take null for left out', () => {
    expect(schema.parse({})).toEqual({ limit: 5 });
    expect(schema.parse({ couponId: null, limit: null })).toEqual({ limit: 5 });
    expect(schema.parse({ couponId: 1, limit: 2 })).toEqual({ couponId: 1, limit: 2 });
    expect(accepts(schema, { couponId: '' })).toBe(false);
  });
});
