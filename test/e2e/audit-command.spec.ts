import { beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { VIOLATION_CODES } from '../../src/coupon/audit/audit.js';
import { auditReport } from '../../scripts/audit/report.mjs';
import { freePort } from '../../scripts/services/free-port.mjs';
import type { AppProcess } from '../support/app-process.js';
import { AuditedApp } from '../support/audited-app.js';
import { runCommand } from '../support/run-command.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const COMMAND = fileURLToPath(new URL('../../scripts/audit.mjs', import.meta.url));

let world: AuditedApp;
let app: AppProcess;

beforeAll(async () => {
  world = await AuditedApp.open();
  app = await world.startAnother();
});

/** Runs the command; how it ended and what it said. */
function audit(words: string[], env: Record<string, string> = {}) {
  return runCommand(COMMAND, words, { BASE_URL: app.url, ...env });
}

describe('npm run audit', () => {
  it('shows the numbers of both sides and ends with 0 when they agree', async () => {
    const { couponId } = await world.coupon(3);
    const { code, out } = await audit([String(couponId)]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ +Redis +MySQL$/m);
    expect(out).toMatch(/^total +10$/m);
    expect(out).toMatch(/^held or issued, by the counter +3 +3$/m);
    expect(out).toMatch(/^pending +0$/m);
    expect(out).toContain(
      'Consistent: Redis and MySQL agree. 3 of 10 coupons are issued, each to another user; nothing is pending; 7 can still be had.',
    );
  });

  it('names each violation, says what it means, and ends with 1', async () => {
    const { couponId } = await world.coupon(2);
    await world.plantSlot(couponId, newUserId());
    const { code, out } = await audit([String(couponId)], { ADMIN_TOKEN: 'local-admin' });
    expect(code).toBe(1);
    expect(out).toContain('NOT CONSISTENT: one violation.');
    expect(out).toMatch(/SLOT_LEAKED: 1 users hold a slot .*\n.*if not, rebuild it/);
  });

  it('says of a coupon of the lock strategy that there is only one side', async () => {
    const { couponId } = await world.api.createCoupon({ strategy: 'lock' });
    const { code, out } = await audit([String(couponId)]);
    expect({ code, isSaid: out.includes('decided in MySQL alone') }).toEqual({ code: 0, isSaid: true });
  });

  it('says whether every balance is the sum of its entries', async () => {
    const users = newUserIds(3);
    await world.database.change('INSERT INTO users (id, name, email, balance) VALUES ?', [
      users.map((userId) => [userId, 'x', null, 0]),
    ]);
    for (const userId of users) {
      const answer = await world.api.call(`/api/users/${userId}/balance/charge`, {
        method: 'POST',
        body: { amount: 500 },
      });
      expect(answer.status).toBe(200);
    }
    const consistent = await audit(['balances']);
    expect(consistent.code).toBe(0);
    expect(consistent.out).toMatch(/^Consistent: all [1-9]\d* balances are the sums of their entries\.$/m);

    const [richer = 0, poorer = 0, right = 0] = users;
    await world.database.change('UPDATE users SET balance = 507 WHERE id = ?', [richer]);
    await world.database.change('DELETE FROM balance_entries WHERE user_id = ?', [poorer]);
    await world.database.change('UPDATE users SET balance = 0 WHERE id = ?', [poorer]);
    await world.database.change("INSERT INTO balance_entries VALUES (NULL, ?, 3, 'CHARGE', NULL, NOW(3))", [poorer]);
    const { code, out } = await audit(['balances']);
    expect(code).toBe(1);
    expect(out).toMatch(/^NOT CONSISTENT: 2 of [1-9]\d* balances are not the sums of their entries\.$/m);
    expect(out).toMatch(new RegExp(`^user ${richer}: balance 507, entries 500, difference 7$`, 'm'));
    expect(out).toMatch(new RegExp(`^user ${poorer}: balance 0, entries 3, difference -3$`, 'm'));
    expect(out).not.toContain(`user ${right}:`);

    await world.database.change('UPDATE users SET balance = 500 WHERE id = ?', [richer]);
    await world.database.change('DELETE FROM balance_entries WHERE user_id = ?', [poorer]);
    expect((await audit(['balances'])).code).toBe(0);
    const wrongToken = await audit(['balances'], { ADMIN_TOKEN: 'wrong' });
    expect(wrongToken).toMatchObject({ code: 2, out: '' });
  });

  it.each([[[]], [['abc']], [['0']], [['1', '2']], [['balances', '1']]])(
    'shows how it is used and ends with 2 for %j',
    async (words) => {
      const { code, out, err } = await audit(words);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toContain('Usage: npm run audit -- <couponId>');
    },
  );

  it('ends with 2 and one line when there is no answer to audit', async () => {
    const { couponId } = await world.coupon(1);
    const id = String(couponId);
    const wrongToken = await audit([id], { ADMIN_TOKEN: 'wrong' });
    const unknown = await audit(['99999999']);
    const nobody = await audit([id], { BASE_URL: `http://127.0.0.1:${await freePort()}` });
    const noUrl = await audit([id], { BASE_URL: 'localhost' });

    for (const { code, out } of [wrongToken, unknown, nobody, noUrl])
      expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(wrongToken.err).toContain('does not accept the admin token: set ADMIN_TOKEN');
    expect(unknown.err).toContain('answered 404: There is no coupon 99999999');
    expect(nobody.err).toMatch(/cannot be reached: .*ECONNREFUSED/);
    expect(noUrl.err).toContain('BASE_URL must be an address');
    for (const { err } of [wrongToken, unknown, nobody, noUrl]) expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('has words of its own for every violation', () => {
    const database = { totalQuantity: 1, issuedQuantity: 1, rows: 1, distinctUsers: 1 };
    for (const code of VIOLATION_CODES) {
      const report = auditReport(
        { couponId: 1, consistent: false, redis: null, database, violations: [{ code, detail: 'x' }] },
        '',
      );
      expect(report).not.toContain('See docs');
    }
  });
});
