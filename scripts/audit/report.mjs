/** An audit as a person reads it. */

/** @typedef {Record<'reserved' | 'users' | 'pending' | 'sequence' | 'available', number>} Counts */
/** @typedef {Record<'totalQuantity' | 'issuedQuantity' | 'rows' | 'distinctUsers', number>} Database */
/** @typedef {{ code: string, detail: string }} Violation */
/**
 * The answer of GET /api/coupons/{couponId}/audit.
 * @typedef {{ couponId: number, consistent: boolean, redis: Counts & { epoch: number | string } | null,
 *   database: Database, violations: Violation[] }} Audit
 */
/** @typedef {string | number | undefined} Cell */

/** What a violation means, and what becomes of it or is to be done. @type {Readonly<Record<string, string>>} */
const MEANING = {
  OVER_ISSUED: 'More coupons are issued than there are. Nothing issues more; decide what becomes of the surplus.',
  DUPLICATE_USER: 'Someone has two rows, which the unique key forbids: look at the table and at its keys.',
  COUNTER_MISMATCH: 'issued_quantity was changed by hand, or rows were. Correct it: the ledger goes by the counter.',
  RETURNED_MISMATCH:
    'returned_quantity was changed by hand, or slot_returned was. Correct it: the capacity goes by the counter.',
  RESERVED_MISMATCH:
    'Someone changed the keys in Redis. The coupon is closed; the next reservation or sweep rebuilds it.',
  ISSUED_NOT_IN_REDIS: 'These users could ask again and would be refused late. Rebuild the coupon.',
  SLOT_LEAKED:
    'Slots that nobody gets. The sweep finds them within some 15 s and rebuilds the coupon; if not, rebuild it.',
  STALE_PENDING: 'Accepted and not issued, although a sweep has tried: look at the log, and whether MySQL is well.',
  DEFINITION_MISMATCH: 'Someone changed the coupon in the table. The sweep publishes what MySQL says.',
  REDIS_UNAVAILABLE: 'Only MySQL was looked at.',
  NOT_LOADED: 'The coupon is closed: callers hear 503. It is rebuilt by the next reservation or sweep.',
};

/** @param {Audit} audit @param {string} baseUrl */
export function auditReport(audit, baseUrl) {
  return [`Audit of coupon ${audit.couponId} at ${baseUrl}`, '', ...table(audit), '', ...verdict(audit)].join('\n');
}

/** @param {Audit} audit */
function table({ redis, database }) {
  const { totalQuantity, issuedQuantity, rows, distinctUsers } = database;
  /** @type {Array<[string, Cell, Cell]>} */
  const lines = [
    ['', 'Redis', 'MySQL'],
    ['total', '', totalQuantity],
    ['held or issued, by the counter', redis?.reserved, issuedQuantity],
    ['users who hold or have one', redis?.users, distinctUsers],
    ['rows', '', rows],
    ['pending', redis?.pending, ''],
    ['can still be had', redis?.available, ''],
    ['last number given out', redis?.sequence, ''],
    ['epoch (rebuilds)', redis?.epoch, ''],
  ];
  return lines.map(([label, left, right]) => `${label.padEnd(32)}${cell(left)}${cell(right)}`.trimEnd());
}

/** @param {Cell} value */
function cell(value) {
  return String(value ?? '–').padStart(14);
}

/** @param {Audit} audit */
function verdict({ consistent, redis, database: { totalQuantity, rows }, violations }) {
  if (!consistent) {
    const count = violations.length === 1 ? 'one violation' : `${violations.length} violations`;
    return [`NOT CONSISTENT: ${count}.`, ...violations.flatMap(explained)];
  }
  const issued = `${rows} of ${totalQuantity} coupons are issued, each to another user`;
  if (redis === null) return [`Consistent: ${issued}. This coupon is decided in MySQL alone.`];
  const pending = redis.pending === 0 ? 'nothing is pending' : `${redis.pending} reservations are on their way`;
  const left = redis.available === 0 ? 'none is left' : `${redis.available} can still be had`;
  return [`Consistent: Redis and MySQL agree. ${issued}; ${pending}; ${left}.`];
}

/** @param {Violation} violation */
function explained({ code, detail }) {
  return ['', `  ${code}: ${detail}`, `  ${MEANING[code] ?? 'See docs/operations.md.'}`];
}
