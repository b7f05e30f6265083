import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { addDays, boundsOf, businessDayOf, isCalendarDay } from './business-day.js';

const HOUR_MS = 3_600_000;
const ZONES = [
  'Asia/Seoul',
  'UTC',
  'America/New_York',
  'America/Nuuk',
  'Asia/Beirut',
  'Pacific/Kiritimati',
  'Pacific/Niue',
  'Australia/Lord_Howe',
];

function boundsText(day: string, timeZone: string): string[] {
  const { from, to } = boundsOf(day, timeZone);
  return [from.toISOString(), to.toISOString()];
}

describe('a business day', () => {
  it('in Seoul is nine hours ahead of UTC', () => {
    expect(boundsText('2026-11-20', 'Asia/Seoul')).toEqual(['2026-11-19T15:00:00.000Z', '2026-11-20T15:00:00.000Z']);
    expect(businessDayOf(new Date('2026-11-20T14:59:59.999Z'), 'Asia/Seoul')).toBe('2026-11-20');
    expect(businessDayOf(new Date('2026-11-20T15:00:00.000Z'), 'Asia/Seoul')).toBe('2026-11-21');
  });

  it('is an hour shorter or longer where the clock changes', () => {
    expect(boundsText('2026-03-08', 'America/New_York')).toEqual([
      '2026-03-08T05:00:00.000Z',
      '2026-03-09T04:00:00.000Z',
    ]);
    expect(boundsText('2026-11-01', 'America/New_York')).toEqual([
      '2026-11-01T04:00:00.000Z',
      '2026-11-02T05:00:00.000Z',
    ]);
  });

  it('begins at one where the clock skips midnight', () => {
    const { from } = boundsOf('2026-03-29', 'Asia/Beirut');
    expect(from.toISOString()).toBe('2026-03-28T22:00:00.000Z');
    expect(businessDayOf(new Date(from.getTime() - 1), 'Asia/Beirut')).toBe('2026-03-28');
  });

  it('that a zone left out has no time at all', () => {
    const { from, to } = boundsOf('2011-12-30', 'Pacific/Apia');
    expect(to).toEqual(from);
  });

  it('contains exactly the times that fall on it, and days follow each other without a gap', () => {
    const anyTime = fc.date({ min: new Date('2015-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(anyTime, fc.constantFrom(...ZONES), (time, timeZone) => {
        const day = businessDayOf(time, timeZone);
        const { from, to } = boundsOf(day, timeZone);
        expect(from <= time && time < to).toBe(true);
        expect(boundsOf(addDays(day, 1), timeZone).from).toEqual(to);
        expect(Math.abs(to.getTime() - from.getTime() - 24 * HOUR_MS)).toBeLessThanOrEqual(HOUR_MS);
      }),
    );
  });
});

describe('addDays', () => {
  it('goes over the ends of months and years, in both directions', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(addDays('2028-03-01', -1)).toBe('2028-02-29');
  });
});

describe('isCalendarDay', () => {
  it.each(['2026-11-20', '2028-02-29', '1000-01-01'])('knows %s', (text) => expect(isCalendarDay(text)).toBe(true));

  it.each([
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-1-1',
    '20261120',
    '',
    'today',
    '2026-11-20T00:00:00Z',
    ' 2026-11-20',
  ])('refuses "%s"', (text) => expect(isCalendarDay(text)).toBe(false));
});
