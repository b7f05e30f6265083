import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../src/config.js';
import { isDatabaseUnavailable } from '../../src/platform/database/database-errors.js';
import { openPool } from '../../src/platform/database/data-source-options.js';
import { SHARED } from '../../src/platform/database/pool/connection-class.js';
import { ConnectionPool } from '../../src/platform/database/pool/connection-pool.js';
import type { Lease } from '../../src/platform/database/pool/lease.js';
import { PoolMetrics } from '../../src/platform/database/pool/pool-metrics.js';
import { idleTransactionLimit } from '../../src/platform/database/session-settings.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { atEndOfFile } from '../support/cleanup.js';
import { openDatabase, openDataSource, testDatabaseUrl, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { newUserId } from '../support/unique-ids.js';

const LIMIT_MS = 1_000;
/** In which the server ends what it is going to end, also when it looks late. */
const LONG_MS = 3 * LIMIT_MS;

let database: TestDatabase;
let pool: ConnectionPool;
let userId: number;

beforeAll(async () => {
  await openDataSource();
  database = openDatabase();
  const settings = loadConfig({
    ...process.env,
    NODE_ENV: 'test',
    DATABASE_IDLE_TRANSACTION_TIMEOUT_MS: String(LIMIT_MS),
  }).database;
  const driverPool = openPool({ uri: testDatabaseUrl(), connectionLimit: settings.poolSize }, 'auto', [
    idleTransactionLimit(settings.idleTransactionTimeoutMs),
  ]);
  const shares = new Map([[SHARED, { max: settings.poolSize }]]);
  pool = new ConnectionPool(driverPool, settings, new PoolMetrics(new MetricsRegistry()), shares);
  atEndOfFile(() => new Promise((resolve) => pool.end(() => resolve())));
});

beforeEach(async () => {
  userId = newUserId();
  await database.change("INSERT INTO users (id, name, email) VALUES (?, 'Idle', ?)", [userId, `${userId}@example.com`]);
});

function acquire(): Promise<Lease> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, lease) => (lease === undefined ? reject(error) : resolve(lease)));
  });
}

async function connectionId(lease: Lease): Promise<number> {
  const [rows] = (await lease.query('SELECT CONNECTION_ID() AS id')) as [Array<{ id: number }>];
  return rows[0]?.id ?? 0;
}

async function beginAndLock(): Promise<Lease> {
  const lease = await acquire();
  await lease.query('BEGIN');
  await lease.query('UPDATE users SET balance = 1 WHERE id = ?', [userId]);
  return lease;
}

async function balance(): Promise<number> {
  return (await database.row<{ balance: number }>('SELECT balance FROM users WHERE id = ?', [userId])).balance;
}

it('a session that is idle inside a transaction is ended, and gives back what it has locked', async () => {
  const lease = await beginAndLock();
  await eventually(() => database.change('UPDATE users SET balance = 2 WHERE id = ?', [userId]));
  expect(await balance()).toBe(2);
  const refusal: unknown = await lease.query('COMMIT').catch((error: unknown) => error);
  expect(isDatabaseUnavailable(refusal)).toBe(true);
  lease.release();
  await eventually(() => expect(pool.state()).toMatchObject({ active: 0, idle: 0 }));
});

it('a session that waits for a statement is spared, however long it takes', async () => {
  const lease = await beginAndLock();
  await lease.query('SELECT SLEEP(?)', [LONG_MS / 1_000]);
  await lease.query('COMMIT');
  lease.release();
  expect(await balance()).toBe(1);
});

it('connections that nobody uses live on', async () => {
  const leases = await Promise.all([acquire(), acquire(), acquire()]);
  const ids = new Set(await Promise.all(leases.map(connectionId)));
  for (const lease of leases) lease.release();
  await delay(LONG_MS);
  const again = await Promise.all([acquire(), acquire(), acquire()]);
  expect(new Set(await Promise.all(again.map(connectionId)))).toEqual(ids);
  for (const lease of again) lease.release();
});
