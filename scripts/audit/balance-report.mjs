/** An audit of balances as a person reads it. */

/**
 * The answer of GET /api/balances/audit; amounts in won.
 * @typedef {{ consistent: boolean, balances: number, unexplained: number,
 *   differences: Array<{ userId: number, balance: number, entriesTotal: number }> }} BalanceAudit
 */

/** @param {BalanceAudit} audit @param {string} baseUrl */
export function balanceReport(audit, baseUrl) {
  return [`Audit of balances at ${baseUrl}`, '', ...verdict(audit)].join('\n');
}

/** @param {BalanceAudit} audit */
function verdict({ consistent, balances, unexplained, differences }) {
  if (consistent) return [`Consistent: all ${balances} balances are the sums of their entries.`];
  const lines = differences.map(
    ({ userId, balance, entriesTotal }) =>
      `user ${userId}: balance ${balance}, entries ${entriesTotal}, difference ${balance - entriesTotal}`,
  );
  if (unexplained > differences.length) lines.push(`and ${unexplained - differences.length} more`);
  return [
    `NOT CONSISTENT: ${unexplained} of ${balances} balances are not the sums of their entries.`,
    ...lines,
    'Someone changed balances or entries in the tables, or an instance of a version without entries ran meanwhile.',
  ];
}
