import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { atEndOfFile } from '../support/cleanup.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { expectConsistent } from '../support/drop.js';
import { Scrape } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { runCommand } from '../support/run-command.js';
import { RUNBOOK } from '../support/runbook.js';
import { RankingClient, SalesBook } from '../support/sales.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { Shop } from '../support/shop.js';
import { newUserId } from '../support/unique-ids.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** The two accounts of docs/operations.md in MySQL: one migrates, and the application does all its work as the other one. */

const MIGRATE = fileURLToPath(new URL('../../dist/migrate.js', import.meta.url));
const USERS_SCRIPT = fileURLToPath(new URL('../../config/mysql/users.sh', import.meta.url));

const DOCUMENTED = /```sql\n(CREATE USER [^`]*(?:`firstcome`[^`]*)+)```/.exec(RUNBOOK)?.[1]?.trim().split('\n') ?? [];

const SCHEMA = 'firstcome_access_test';

let root: TestDatabase;
let instancesUrl: string;
let migrationUrl: string;
let redisUrl: string;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  const [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  redisUrl = redis.url;
  // That of the server has its tables already.
  const url = Object.assign(new URL(mysql.url), { pathname: SCHEMA });
  await openDatabase(mysql.url).change(`CREATE DATABASE ${SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  root = openDatabase(url.href);
  // The server of the tests has a firstcome of its own, who may do everything.
  for (const statement of DOCUMENTED)
    await root.change(statement.replaceAll("'firstcome", "'documented").replaceAll('`firstcome`', `\`${SCHEMA}\``));
  const as = (user: string, password: string) => Object.assign(new URL(url), { username: user, password }).href;
  instancesUrl = as('documented', 'password');
  migrationUrl = as('documented_migrate', 'another');
});

function migrate(databaseUrl: string) {
  return runCommand(MIGRATE, [], { NODE_ENV: 'production', DATABASE_URL: databaseUrl });
}

/** What config/mysql/users.sh has the server do. */
function typedByScript(variables: Record<string, string> = {}): string[] {
  const home = mkdtempSync(join(tmpdir(), 'firstcome-test-users-'));
  atEndOfFile(async () => rmSync(home, { recursive: true, force: true }));
  for (const client of ['mysql', 'mariadb']) {
    writeFileSync(join(home, client), '#!/bin/sh\necho "$MYSQL_PWD: $*"\ncat\n');
    chmodSync(join(home, client), 0o755);
  }
  const passwords = { MYSQL_PASSWORD: 'one', MYSQL_MIGRATION_PASSWORD: 'two', MYSQL_ROOT_PASSWORD: 'three' };
  const env = { PATH: `${home}:${process.env['PATH']}`, MYSQL_DATABASE: 'firstcome', ...passwords, ...variables };
  return execFileSync('bash', [USERS_SCRIPT], { encoding: 'utf8', env, stdio: 'pipe' }).trim().split('\n');
}

function grantsIn(statements: readonly string[]): string[] {
  return statements.filter((statement) => statement.startsWith('GRANT'));
}

describe('the script of docker-compose.yml', () => {
  it('gives the documented rights', () => {
    expect(grantsIn(DOCUMENTED)).toHaveLength(2);
    expect(grantsIn(typedByScript())).toEqual(grantsIn(DOCUMENTED));
  });

  it('does so as root, in SQL that the server takes, and twice', async () => {
    const [client, ...statements] = typedByScript();
    expect(client).toBe('three: -uroot');
    for (const statement of [...statements, ...statements]) await root.change(statement);
    const [{ count } = { count: 0 }] = await root.rows<{ count: number }>(
      "SELECT COUNT(*) AS count FROM mysql.user WHERE Host = '%' AND User IN ('firstcome', 'firstcome_migrate')",
    );
    expect(count).toBe(2);
  });

  it.each(["a'b", '', 'a b', 'a@b'])('refuses the password "%s", which would not be one in SQL or in a URL', (bad) => {
    expect(() => typedByScript({ MYSQL_PASSWORD: bad })).toThrow(/letters, digits, - and _ only/);
    expect(() => typedByScript({ MYSQL_MIGRATION_PASSWORD: bad })).toThrow(/letters, digits, - and _ only/);
  });
});

describe('the account of the instances', () => {
  it('may not migrate', async () => {
    expect(await migrate(instancesUrl)).toMatchObject({ code: 1, err: expect.stringMatching(/^not migrated: CREATE/) });
  });

  it('has what the application needs, and no more, once the other one has migrated', async () => {
    expect(await migrate(migrationUrl)).toMatchObject({ code: 0, out: expect.stringMatching(/^migrated: /) });
    const receiver = await WebhookReceiver.open();
    const app = await startApp({
      env: {
        DATABASE_URL: instancesUrl,
        REDIS_URL: redisUrl,
        DATABASE_MIGRATE_AT_START: 'false',
        COUPON_SWEEP_INTERVAL_MS: '100',
        RANKING_BACKUP_INTERVAL_MS: '300',
        RANKING_RECONCILE_INTERVAL_MS: '300',
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'info',
      },
      waitFor: '/health/ready',
    });
    const api = new ApiClient(app.url);
    const webhook = { url: receiver.url, eventTypes: ['firstcome.coupon.issued', 'firstcome.order.paid'] };
    expect(await api.call('/api/webhooks', { method: 'POST', body: webhook, isAdmin: true })).toMatchObject({
      status: 201,
    });

    await holdsDrops(api);
    const buyer = await sells(api);
    await eventually(() =>
      expect(receiver.received.map(({ event }) => event.type)).toEqual(expect.arrayContaining(webhook.eventTypes)),
    );
    expect(await api.call(`/api/users/${buyer}/balance`)).toMatchObject({ status: 200 });

    await ranItsJobs(app);
    expect(await api.call('/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(app.logs.split('\n').filter((line) => /denied|"level":"error"/.test(line))).toEqual([]);

    const instances = openDatabase(instancesUrl);
    for (const statement of [
      'DROP TABLE user_coupons',
      'TRUNCATE TABLE user_coupons',
      'ALTER TABLE user_coupons ADD COLUMN more INT',
      'CREATE TRIGGER more BEFORE INSERT ON user_coupons FOR EACH ROW SET NEW.code = NULL',
      'CREATE TABLE more (id INT)',
    ])
      await expect(instances.change(statement)).rejects.toThrow(/denied/);
  });
});

/** One coupon of each strategy, and a failure that is tried again. */
async function holdsDrops(api: ApiClient): Promise<void> {
  const { couponId } = await api.createCoupon({ totalQuantity: 100 });
  expect(await api.reserve(couponId, newUserId())).toMatchObject({ status: 200 });
  expect(await api.issue(couponId, newUserId())).toMatchObject({ status: 200 });
  expect(await api.patchCoupon(couponId, { totalQuantity: 50 })).toMatchObject({ status: 200 });
  expect(await api.rebuild(couponId)).toMatchObject({ status: 200 });
  expect(await api.issue(couponId, newUserId())).toMatchObject({ status: 200 });
  await expectConsistent(api, couponId);

  const locked = await api.createCoupon({ totalQuantity: 2, strategy: 'lock' });
  expect(await api.issue(locked.couponId, newUserId())).toMatchObject({ status: 200 });

  const failed = newUserId();
  await root.change(
    `INSERT INTO issuance_failures (coupon_id, user_id, sequence_number, reason, detail, failed_at)
     VALUES (?, ?, 3, 'SOLD_OUT_IN_LEDGER', 'arranged by a test', UTC_TIMESTAMP(3))`,
    [couponId, failed],
  );
  await root.change('UPDATE coupons SET failed_quantity = 1 WHERE id = ?', [couponId]);
  const [failure] = (await api.failures(couponId)).body.failures;
  expect(await api.retry(couponId, failure?.failureId ?? 0)).toMatchObject({ status: 200 });
  await expectConsistent(api, couponId);
}

/** An order with a coupon, from the charge to the ranking; returns who bought. */
async function sells(api: ApiClient): Promise<number> {
  const shop = new Shop(api, root);
  const productId = await shop.product();
  const buyer = await shop.user();
  const charge = { method: 'POST', body: { amount: 1_000_000, idempotencyKey: 'once' } } as const;
  expect(await api.call(`/api/users/${buyer}/balance/charge`, charge)).toMatchObject({ status: 200 });
  const couponId = await shop.coupon(buyer, { discountAmount: 100 });
  const order = await shop.order(buyer, [{ productId, quantity: 3 }], couponId);
  expect(await shop.pay(order, buyer)).toMatchObject({ status: 200 });
  const salesBook = new SalesBook(root);
  await eventually(async () => {
    const { body } = await new RankingClient(api).top();
    expect(await salesBook.backup(body.date)).toMatchObject([{ rank: 1, productId, salesCount: 3 }]);
  });
  return buyer;
}

async function ranItsJobs(app: AppProcess): Promise<void> {
  await eventually(async () => {
    const scrape = await Scrape.of(app);
    expect(scrape.value('firstcome_sweeps_total', { result: 'done' })).toBeGreaterThan(1);
    expect(scrape.value('firstcome_sweeps_total', { result: 'failed' })).toBe(0);
  });
}
