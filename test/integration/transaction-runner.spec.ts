import { beforeAll, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { fromDriver } from '../../src/platform/database/database-errors.js';
import { CouponSoldOutError } from '../../src/coupon/coupon.errors.js';
import { TransactionRunner } from '../../src/platform/database/transaction-runner.js';
import { EventPublisher } from '../../src/platform/events/event-publisher.js';
import { openDatabase, openDataSource, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { newUserId } from '../support/unique-ids.js';

/** Transactions on the real database: what is published, and what is tried again. */

declare module '../../src/platform/events/domain-event.js' {
  interface EventMap {
    'test.happened': { readonly type: 'test.happened' };
    'test.fails': { readonly type: 'test.fails' };
  }
}

const HAPPENED = { type: 'test.happened' } as const;
const DEADLOCK = 1213;

let dataSource: DataSource;
let database: TestDatabase;

beforeAll(async () => {
  dataSource = await openDataSource();
  database = openDatabase();
});

/** A runner with its own listeners, and everything they were told. */
function runnerOf(source = dataSource) {
  const events = new EventEmitter2();
  const heard: object[] = [];
  events.on(HAPPENED.type, (event: object) => heard.push(event));
  return { runner: new TransactionRunner(source, new EventPublisher(events)), events, heard };
}

async function insertUser(manager: EntityManager, userId: number): Promise<void> {
  await manager.query('INSERT INTO users (id, name, email) VALUES (?, ?, ?)', [userId, 'x', `${userId}@example.com`]);
}

async function userCount(userId: number): Promise<number> {
  return (await database.row<{ size: number }>('SELECT COUNT(*) AS size FROM users WHERE id = ?', [userId])).size;
}

/** The data source, of which the first `times` commits end as on a Galera node that lost against another one. */
function losingAtCommit(times: number): { source: DataSource; commits: () => number } {
  let commits = 0;
  const createQueryRunner = (): QueryRunner => {
    const queryRunner = dataSource.createQueryRunner();
    const commit = queryRunner.commitTransaction.bind(queryRunner);
    queryRunner.commitTransaction = async () => {
      commits += 1;
      if (commits > times) return await commit();
      await queryRunner.query('ROLLBACK');
      throw fromDriver(Object.assign(new Error(`Deadlock found (commit ${commits})`), { errno: DEADLOCK }));
    };
    return queryRunner;
  };
  const source: DataSource = Object.create(dataSource, {
    createQueryRunner: { value: createQueryRunner },
    transaction: {
      value: async (work: (manager: EntityManager) => Promise<unknown>) => {
        const queryRunner = createQueryRunner();
        try {
          return await queryRunner.manager.transaction(work);
        } finally {
          await queryRunner.release();
        }
      },
    },
  });
  return { source, commits: () => commits };
}

describe('a transaction', () => {
  it('publishes after the commit, in order', async () => {
    const { runner, events, heard } = runnerOf();
    const userId = newUserId();
    const seen: Array<Promise<number>> = [];
    events.on(HAPPENED.type, () => seen.push(userCount(userId)));
    const result = await runner.run(async (manager, publish) => {
      publish({ ...HAPPENED });
      await insertUser(manager, userId);
      publish({ ...HAPPENED });
      expect(heard).toEqual([]);
      return 'done';
    });
    expect(result).toBe('done');
    expect(heard).toHaveLength(2);
    expect(await Promise.all(seen)).toEqual([1, 1]);
  });

  it('that is rolled back publishes nothing', async () => {
    const { runner, heard } = runnerOf();
    const userId = newUserId();
    const attempt = runner.run(async (manager, publish) => {
      await insertUser(manager, userId);
      publish(HAPPENED);
      throw new Error('no');
    });
    await expect(attempt).rejects.toThrow('no');
    expect(heard).toEqual([]);
    expect(await userCount(userId)).toBe(0);
  });

  it('is not harmed by a listener that throws, nor are the events after it', async () => {
    const { runner, events, heard } = runnerOf();
    const userId = newUserId();
    events.on('test.fails', () => {
      throw new Error('a listener failed, as this test wants it');
    });
    const result = runner.run(async (manager, publish) => {
      await insertUser(manager, userId);
      publish({ type: 'test.fails' });
      publish(HAPPENED);
      return 'done';
    });
    expect(await result).toBe('done');
    expect(await userCount(userId)).toBe(1);
    expect(heard).toEqual([HAPPENED]);
  });

  it('that meets a deadlock at COMMIT starts again, and publishes once', async () => {
    const { source, commits } = losingAtCommit(2);
    const { runner, heard } = runnerOf(source);
    const userId = newUserId();
    let runs = 0;
    await runner.run(async (manager, publish) => {
      runs += 1;
      await insertUser(manager, userId);
      publish(HAPPENED);
    });
    expect([runs, commits(), heard.length, await userCount(userId)]).toEqual([3, 3, 1, 1]);
  });

  it('that is refused after a deadlock is refused, not unavailable', async () => {
    const { source } = losingAtCommit(1);
    const { runner } = runnerOf(source);
    let runs = 0;
    const attempt = runner.run(async () => {
      runs += 1;
      if (runs === 2) throw new CouponSoldOutError(7);
    });
    await expect(attempt).rejects.toBeInstanceOf(CouponSoldOutError);
    expect(runs).toBe(2);
  });

  it('gives up after its attempts, with the first error and without an event', async () => {
    const { source } = losingAtCommit(Number.POSITIVE_INFINITY);
    const { runner, heard } = runnerOf(source);
    const userId = newUserId();
    const attempt = runner.run(
      async (manager, publish) => {
        await insertUser(manager, userId);
        publish(HAPPENED);
      },
      { attempts: 3 },
    );
    await expect(attempt).rejects.toThrow('Deadlock found (commit 1)');
    expect([heard.length, await userCount(userId)]).toEqual([0, 0]);
  });

  it('that deadlocks with another one, for real, starts again: both are carried out', async () => {
    const { runner } = runnerOf();
    const [one, other] = [newUserId(), newUserId()];
    await runner.run(async (manager) => {
      for (const userId of [one, other]) await insertUser(manager, userId);
    });
    let [runs, held] = [0, 0];
    const add = (userIds: number[]) =>
      runner.run(async (manager) => {
        runs += 1;
        for (const userId of userIds) {
          await manager.query('UPDATE users SET balance = balance + 1 WHERE id = ?', [userId]);
          held += 1;
          await eventually(() => expect(held).toBeGreaterThan(1), { intervalMs: 5 });
        }
      });
    await Promise.all([add([one, other]), add([other, one])]);
    expect(runs).toBe(3);
    const rows = await database.rows('SELECT balance FROM users WHERE id IN (?)', [[one, other]]);
    expect(rows).toEqual([{ balance: 2 }, { balance: 2 }]);
  });
});
