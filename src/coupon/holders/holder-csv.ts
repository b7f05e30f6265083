import { stringify } from 'csv-stringify/sync';
import { type CouponHolder, couponHolderView } from './coupon-holder.js';

const COLUMNS = [
  'userCouponId',
  'userId',
  'sequenceNumber',
  'code',
  'status',
  'issuedAt',
  'usedAt',
  'revokedAt',
  'expiresAt',
] as const;

const FORMAT = {
  columns: [...COLUMNS],
  record_delimiter: 'windows' as const,
  // Else a carriage return alone would begin a new line, for those who read one so.
  quote_record_delimiter: true,
  // A spreadsheet would run a cell that begins with =, +, -, @, a tab or a carriage return.
  escape_formulas: true,
  cast: { date: (time: Date) => time.toISOString() },
};

/** The first line, after the mark by which spreadsheets know UTF-8. */
export const CSV_HEAD = stringify([], { ...FORMAT, header: true, bom: true });

/** A line (RFC 4180) for each of the holders, as they are at `now`. */
export function csvLines(holders: readonly CouponHolder[], now: Date): string {
  const records = holders.map((holder) => {
    const shown = couponHolderView(holder, now);
    return COLUMNS.map((column) => shown[column]);
  });
  return stringify(records, FORMAT);
}
