import { beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, PATIENT, startApp } from '../support/app-process.js';
import { atEndOfFile } from '../support/cleanup.js';
import { runCommand } from '../support/run-command.js';
import { newUserIds } from '../support/unique-ids.js';

const COMMAND = fileURLToPath(new URL('../../scripts/coupons.mjs', import.meta.url));

let app: AppProcess;
let api: ApiClient;
let home: string;

beforeAll(async () => {
  app = await startApp({ env: { ...PATIENT, REDIS_COMMAND_TIMEOUT_MS: '10000' }, waitFor: '/health/ready' });
  api = new ApiClient(app.url);
  home = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'firstcome-test-coupons-'));
  atEndOfFile(async () => rmSync(home, { recursive: true, force: true }));
});

function fileOf(name: string, lines: ReadonlyArray<string | number>): string {
  const file = join(home, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function grant(couponId: number | string, file: string, env: Record<string, string> = {}) {
  return runCommand(COMMAND, ['grant', String(couponId), file], { BASE_URL: app.url, ...env });
}

describe('npm run coupons -- grant', () => {
  it('grants a whole file, with or without a head, and says when not all have it', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 3 });
    const [one, two, three, four] = newUserIds(4) as [number, number, number, number];
    const file = fileOf('head.csv', ['\uFEFFuserId,name', `${one},"Kim, A"`, '', `"${two}",Lee`]);
    const first = await grant(couponId, file);
    expect(first).toMatchObject({ code: 0, err: '2 of 2 users (100 %)\n' });
    expect(first.out).toContain(`Coupon ${couponId}: 2 issued, 0 had it already, 0 found it sold out`);
    const second = await grant(couponId, fileOf('bare.csv', [two, three, four]));
    expect(second.code).toBe(1);
    expect(second.out).toContain('1 issued, 1 had it already, 1 found it sold out, 0 are not registered, 0 are not');
    expect(existsSync(`${file}.grant-${couponId}.progress`)).toBe(false);
  });

  it('goes on where it stopped, as long as the file is the same', async () => {
    const { couponId } = await api.createCoupon();
    const users = newUserIds(3);
    const file = fileOf('stopped.csv', users);
    const nobody = await grant(couponId, file, { BASE_URL: 'http://127.0.0.1:9' });
    expect(nobody).toMatchObject({ code: 2, out: '' });
    expect(nobody.err).toContain('cannot be reached');
    const { surveyUsers } = await import('../../scripts/coupons/users-file.mjs');
    const { sha256 } = await surveyUsers(file);
    const ends = { issued: 2, alreadyIssued: 0, soldOut: 0, unknownUsers: 0, pending: 0 };
    const progress = { baseUrl: app.url, sha256, done: 2, ends };
    const progressFile = `${file}.grant-${couponId}.progress`;
    writeFileSync(progressFile, JSON.stringify(progress));
    const { code, out, err } = await grant(couponId, file);
    expect({ code, isContinued: err.startsWith('Goes on after 2 users') }).toEqual({ code: 0, isContinued: true });
    // What it had done before counts, and is not done again.
    expect(out).toContain('3 issued');
    expect((await api.grant(couponId, users)).body).toMatchObject({
      issued: users.slice(0, 2),
      alreadyIssued: [users[2]],
    });

    writeFileSync(progressFile, JSON.stringify({ ...progress, sha256: 'of another file' }));
    expect((await grant(couponId, file)).out).toContain('0 issued, 3 had it already');
  });

  it('names what is wrong, in a line, before anybody gets anything', async () => {
    const { couponId } = await api.createCoupon();
    const [userId = 0] = newUserIds(1);
    const file = fileOf('wrong.csv', ['userId', userId, 'abc']);
    const good = fileOf('good.csv', [userId]);
    const cases: Array<[Promise<{ code: number | null; err: string }>, string]> = [
      [grant(couponId, file), 'wrong.csv, line 3: "abc" is no user id'],
      [grant(couponId, join(home, 'missing.csv')), 'missing.csv'],
      [grant(couponId, fileOf('empty.csv', ['userId'])), 'has no user ids'],
      [grant('9007199254740991', good), 'answered 404: There is no coupon 9007199254740991'],
      [grant(couponId, good, { ADMIN_TOKEN: 'wrong' }), 'does not accept the admin token'],
      [grant(couponId, good, { BASE_URL: 'localhost' }), 'BASE_URL must be an address'],
      [grant('abc', good), 'Usage: npm run coupons -- grant COUPON FILE'],
    ];
    for (const [ended, text] of cases) {
      const { code, err } = await ended;
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(text) });
    }
    expect((await api.coupon(couponId)).body.issuedQuantity).toBe(0);
  });
});
