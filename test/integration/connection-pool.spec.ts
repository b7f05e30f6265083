import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { DataSource } from 'typeorm';
import { loadConfig } from '../../src/config.js';
import { dataSourceOptions, driverWith, openPool } from '../../src/platform/database/data-source-options.js';
import { connectAs } from '../../src/platform/database/pool/connect-as.js';
import { ConnectionClass, type ConnectionShare, SHARED } from '../../src/platform/database/pool/connection-class.js';
import { ConnectionPool } from '../../src/platform/database/pool/connection-pool.js';
import type { Lease } from '../../src/platform/database/pool/lease.js';
import { AcquireTimeoutError, StatementTimeoutError } from '../../src/platform/database/pool/pool-errors.js';
import { PoolMetrics } from '../../src/platform/database/pool/pool-metrics.js';
import { lockWaitLimit } from '../../src/platform/database/session-settings.js';
import { TransactionRunner } from '../../src/platform/database/transaction-runner.js';
import { EventPublisher } from '../../src/platform/events/event-publisher.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { atEndOfFile } from '../support/cleanup.js';
import { openDataSource, testDatabaseUrl } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** Of the pool under test. The limit of a statement is short, since the tests wait for it to pass. */
const LIMITS = {
  DATABASE_ACQUIRE_TIMEOUT_MS: '5000',
  DATABASE_STATEMENT_TIMEOUT_MS: '500',
};

const POOL_SIZE = 4;

/** Callers who have one connection at most, and do not wait long for it; and callers who always have one. */
const FEW = new ConnectionClass<void>('few', () => ({ max: 1, waitMs: 300 }));
const CERTAIN = new ConnectionClass<void>('certain', () => ({ max: 3, reserved: 1 }));

const ONE_SHARE = new Map<ConnectionClass, ConnectionShare>([[SHARED, { max: POOL_SIZE }]]);
const SHARES = new Map([...ONE_SHARE, [FEW, FEW.share()], [CERTAIN, CERTAIN.share()]]);

let proxy: TcpProxy;
let pool: ConnectionPool;

beforeAll(async () => {
  await openDataSource();
  proxy = await TcpProxy.inFrontOf(testDatabaseUrl());
});

beforeEach(async () => {
  proxy.cut();
  await eventually(() => expect(proxy.connections).toBe(0));
  pool = openWatchedPool();
});

function openWatchedPool(limits: Partial<typeof LIMITS> = {}, shares = ONE_SHARE): ConnectionPool {
  const { database } = loadConfig({ ...process.env, NODE_ENV: 'test', ...LIMITS, ...limits });
  const driverPool = openPool({ uri: proxy.url, connectionLimit: POOL_SIZE, connectTimeout: 5000 }, 'auto', [
    lockWaitLimit(database.statementTimeoutMs),
  ]);
  const settings = { ...database, poolSize: POOL_SIZE };
  const watched = new ConnectionPool(driverPool, settings, new PoolMetrics(new MetricsRegistry()), shares);
  atEndOfFile(() => new Promise((resolve) => watched.end(() => resolve())));
  return watched;
}

function acquire(): Promise<Lease> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, lease) => (lease === undefined ? reject(error) : resolve(lease)));
  });
}

function acquireAs(connections: ConnectionClass): Promise<Lease> {
  return pool.askAs(connections, acquire);
}

/** `{ shared: [active, waiting] }`, of the classes that have any. */
function classes(): object {
  const busy = pool.state().classes.filter(({ active, waiting }) => active + waiting > 0);
  return Object.fromEntries(busy.map(({ name, active, waiting }) => [name, [active, waiting]]));
}

async function acquireAll(): Promise<Lease[]> {
  return await Promise.all(Array.from({ length: pool.state().connectionLimit }, acquire));
}

async function answerOf(lease: Lease, expression: string): Promise<unknown> {
  const [rows] = (await lease.query(`SELECT ${expression} AS answer`)) as [Array<{ answer: unknown }>];
  return rows[0]?.answer;
}

function state(): object {
  const { active, idle, waiting, peakActive } = pool.state();
  return { active, idle, waiting, peakActive };
}

describe('a connection that takes too long to come', () => {
  it('is refused to its caller, and goes to the pool when it comes all the same', async () => {
    pool = openWatchedPool({ DATABASE_ACQUIRE_TIMEOUT_MS: '200' });
    proxy.stall();
    await expect(acquire()).rejects.toThrow(AcquireTimeoutError);
    expect(state()).toEqual({ active: 1, idle: 0, waiting: 0, peakActive: 1 });
    proxy.resume();
    await eventually(() => expect(state()).toEqual({ active: 0, idle: 1, waiting: 0, peakActive: 1 }));

    const lease = await acquire();
    expect(await answerOf(lease, '1')).toBe(1);
    expect(proxy.connections).toBe(1);
    lease.release();
  });

  it('goes to the next in line, when all are in use', async () => {
    pool = openWatchedPool({ DATABASE_ACQUIRE_TIMEOUT_MS: '1000' });
    const leases = await acquireAll();
    const inVain = acquire();
    await expect(inVain).rejects.toThrow(AcquireTimeoutError);
    const [first, second] = [acquire(), acquire()];
    expect(state()).toEqual({ active: 4, idle: 0, waiting: 2, peakActive: 4 });

    leases[0]?.release();
    const lease = await first;
    expect(state()).toEqual({ active: 4, idle: 0, waiting: 1, peakActive: 4 });
    lease.release();
    leases.push(await second);
    for (const each of leases) each.release();
    expect(state()).toEqual({ active: 0, idle: 4, waiting: 0, peakActive: 4 });
  });
});

describe('a connection', () => {
  it('that is given back twice is given to one', async () => {
    const lease = await acquire();
    lease.release();
    lease.release();
    expect(state()).toMatchObject({ active: 0, idle: 1 });
    const leases = await acquireAll();
    expect(new Set(await Promise.all(leases.map((each) => answerOf(each, 'CONNECTION_ID()')))).size).toBe(4);
    for (const each of leases) each.release();
  });

  it('that breaks is replaced', async () => {
    const leases = await acquireAll();
    leases[0]?.release();
    proxy.cut();
    await expect(leases[1]?.query('SELECT 1')).rejects.toThrow();
    for (const each of leases) each.release();
    await eventually(() => expect(state()).toMatchObject({ active: 0, idle: 0 }));
    const again = await acquireAll();
    expect(await Promise.all(again.map((each) => answerOf(each, '1')))).toEqual([1, 1, 1, 1]);
    for (const each of again) each.release();
  });

  it('that cannot be opened is an error, and its place is free', async () => {
    await proxy.refuse();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await expect(acquire()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
    await proxy.accept();
    for (const lease of await acquireAll()) lease.release();
    expect(state()).toMatchObject({ active: 0, idle: 4 });
  });

  it('runs at READ COMMITTED and gives up a lock before we give up on it', async () => {
    const lease = await acquire();
    const isolation = (await lease.query("SHOW SESSION VARIABLES LIKE '%isolation'"))[0] as Array<{ Value: string }>;
    expect(isolation.map(({ Value }) => Value)).toContain('READ-COMMITTED');
    expect(await answerOf(lease, '@@innodb_lock_wait_timeout')).toBe(1);
    expect(await answerOf(lease, '@@lock_wait_timeout')).toBe(1);
    lease.release();
  });
});

describe('a statement that is not answered in time', () => {
  it('takes its connection with it: nobody else reads the late answer', async () => {
    const lease = await acquire();
    const late = lease.query('SELECT SLEEP(3) AS answer');
    const behind = lease.query('SELECT 2 AS answer');
    await expect(late).rejects.toThrow(StatementTimeoutError);
    await expect(behind).rejects.toThrow(StatementTimeoutError);
    await expect(lease.query('ROLLBACK')).rejects.toThrow();
    lease.release();
    expect(state()).toMatchObject({ active: 0, idle: 0 });
    await eventually(() => expect(proxy.connections).toBe(0));

    const next = await acquire();
    expect(await answerOf(next, '3')).toBe(3);
    next.release();
  });

  it('may be one of those that every connection begins with', async () => {
    const lease = await acquire();
    proxy.stall();
    await expect(lease.query('SELECT 1')).rejects.toThrow(StatementTimeoutError);
    lease.release();
    proxy.resume();
    for (const each of await acquireAll()) each.release();
    expect(state()).toMatchObject({ active: 0, idle: 4 });
  });

  it('may take longer when it is known to', async () => {
    const lease = await acquire();
    lease.allowLongStatements();
    expect(await answerOf(lease, 'SLEEP(1)')).toBe(0);
    lease.release();
    const next = await acquire();
    await expect(next.query('SELECT SLEEP(3)')).rejects.toThrow(StatementTimeoutError);
    next.release();
  });
});

describe('a class of callers', () => {
  beforeEach(() => {
    pool = openWatchedPool({}, SHARES);
  });

  it('has no more than its share and gives up after its own time, while others go on', async () => {
    const lease = await acquireAs(FEW);
    const inVain = acquireAs(FEW);
    expect(classes()).toEqual({ few: [1, 1] });
    const others = await Promise.all([acquire(), acquireAs(CERTAIN)]);
    await expect(inVain).rejects.toThrow(new AcquireTimeoutError(300));

    const next = acquireAs(FEW);
    lease.release();
    (await next).release();
    for (const other of others) other.release();
    expect(classes()).toEqual({});
  });

  it('always gets what is kept for it, however many others want one', async () => {
    const crowd = Array.from({ length: 6 }, acquire);
    const leases = await Promise.all(crowd.slice(0, 2));
    expect(classes()).toEqual({ shared: [2, 4] });
    const [few, certain] = await Promise.all([acquireAs(FEW), acquireAs(CERTAIN)]);
    expect(classes()).toEqual({ shared: [2, 4], few: [1, 0], certain: [1, 0] });

    // What it gives back is kept for it.
    certain.release();
    expect(classes()).toEqual({ shared: [2, 4], few: [1, 0] });
    (await acquireAs(CERTAIN)).release();
    few.release();
    for (const lease of leases) lease.release();
    await Promise.all(crowd.slice(2).map(async (coming) => (await coming).release()));
    expect(classes()).toEqual({});
  });

  it('must be known to the pool', () => {
    const unknown = new ConnectionClass('unknown', () => ({ max: 1 }));
    expect(() => pool.askAs(unknown, () => pool.getConnection(() => {}))).toThrow('does not know the class unknown');
    expect(classes()).toEqual({});
  });
});

describe('TypeORM', () => {
  let dataSource: DataSource;

  beforeEach(async () => {
    pool = openWatchedPool({}, SHARES);
    const settings = {
      url: proxy.url,
      tls: { mode: 'off' as const },
      galera: 'auto' as const,
      poolSize: POOL_SIZE,
      connectTimeoutMs: 5000,
    };
    dataSource = await new DataSource(
      dataSourceOptions(
        settings,
        [],
        driverWith(() => pool),
      ),
    ).initialize();
  });

  it('asks for a connection as soon as its query runner is told to connect, so that the class is known', async () => {
    const queryRunner = dataSource.createQueryRunner();
    const connecting = connectAs(FEW, queryRunner);
    expect(classes()).toEqual({ few: [1, 0] });
    await connecting;
    await dataSource.query('SELECT 1');
    expect(classes()).toEqual({ few: [1, 0] });
    await queryRunner.release();
    expect(classes()).toEqual({});
  });

  it('runs a transaction on the one connection that was taken for its class', async () => {
    const runner = new TransactionRunner(dataSource, new EventPublisher(new EventEmitter2()));
    const seen = await runner.run(
      async (manager) => {
        await manager.query('SELECT 1');
        return classes();
      },
      { connections: FEW },
    );
    expect(seen).toEqual({ few: [1, 0] });
    expect(await runner.run(async () => classes())).toEqual({ shared: [1, 0] });
    expect(classes()).toEqual({});
  });

  it('gives the connection back after work that failed, and has none of a class in which nobody leaves', async () => {
    const runner = new TransactionRunner(dataSource, new EventPublisher(new EventEmitter2()));
    const inside = runner.run(
      async () => {
        await expect(runner.run(async () => 1, { connections: FEW })).rejects.toThrow(AcquireTimeoutError);
        throw new Error('no');
      },
      { connections: FEW },
    );
    await expect(inside).rejects.toThrow('no');
    expect(classes()).toEqual({});
  });
});

it('a connection to a server that takes no changes is not kept', async () => {
  const lease = await acquire();
  await lease.query('SET SESSION TRANSACTION READ ONLY');
  await expect(lease.query('DELETE FROM users WHERE id = 0')).rejects.toMatchObject({ errno: 1792 });
  lease.release();
  expect(state()).toMatchObject({ active: 0, idle: 0 });
  await eventually(() => expect(proxy.connections).toBe(0));
});

it('whoever waits when the pool is closed is told so', async () => {
  const closing = openWatchedPool();
  pool = closing;
  const leases = await acquireAll();
  const waiting = acquire();
  closing.end(() => undefined);
  await expect(waiting).rejects.toThrow('the pool is closed');
  for (const lease of leases) lease.release();
});
