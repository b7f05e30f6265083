import { describe, expect, it } from '@jest/globals';
import { CSV_HEAD, csvLines } from './holder-csv.js';

const NOW = new Date('2026-11-30T00:00:00Z');
const HOLDER = {
  userCouponId: 9001,
  userId: 1000,
  sequenceNumber: 124,
  code: null,
  issuedAt: new Date('2026-11-20T09:00:00.123Z'),
  usedAt: null,
  revokedAt: null,
  expiresAt: new Date('2027-01-01T00:00:00Z'),
};

describe('the CSV of holders', () => {
  it('begins with the mark of UTF-8 and the names of the columns', () => {
    expect(CSV_HEAD).toBe(
      '\uFEFFuserCouponId,userId,sequenceNumber,code,status,issuedAt,usedAt,revokedAt,expiresAt\r\n',
    );
  });

  it('has a line for each, with nothing where there is nothing', () => {
    const used = { ...HOLDER, sequenceNumber: 125, code: '행운쿠폰', usedAt: NOW, revokedAt: NOW };
    expect(csvLines([HOLDER, used], NOW)).toBe(
      '9001,1000,124,,AVAILABLE,2026-11-20T09:00:00.123Z,,,2027-01-01T00:00:00.000Z\r\n' +
        '9001,1000,125,행운쿠폰,USED,2026-11-20T09:00:00.123Z,2026-11-30T00:00:00.000Z,2026-11-30T00:00:00.000Z,' +
        '2027-01-01T00:00:00.000Z\r\n',
    );
    expect(csvLines([], NOW)).toBe('');
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', `"'\r=1"`],
    ['＝1', "'＝1"],
    ['=HYPERLINK("http://evil.example","x")', `"'=HYPERLINK(""http://evil.example"",""x"")"`],
    ['a,"b"\r\nc', '"a,""b""\r\nc"'],
  ])('makes the code %j harmless, as %j', (code, cell) => {
    const line = csvLines([{ ...HOLDER, code }], NOW);
    expect(line).toBe(`9001,1000,124,${cell},AVAILABLE,2026-11-20T09:00:00.123Z,,,2027-01-01T00:00:00.000Z\r\n`);
  });
});
