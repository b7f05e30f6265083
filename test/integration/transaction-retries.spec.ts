import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { DataSource, EntityManager } from 'typeorm';
import { TransactionRunner } from '../../src/platform/database/transaction-runner.js';
import { EventPublisher } from '../../src/platform/events/event-publisher.js';
import { openDataSource } from '../support/database.js';
import { serverError } from '../support/failing-statements.js';
import { createOwnSchema } from '../support/own-schema.js';

/** What a transaction leaves in the database; what it publishes is tested in transaction-runner.spec.ts. */

let dataSource: DataSource;
let runner: TransactionRunner;

beforeAll(async () => {
  dataSource = await openDataSource({ url: await createOwnSchema('runner') });
  runner = new TransactionRunner(dataSource, new EventPublisher(new EventEmitter2()));
  await dataSource.query('CREATE TABLE steps (id INT PRIMARY KEY, step INT NOT NULL) ENGINE=InnoDB');
});

beforeEach(async () => {
  await dataSource.query('REPLACE INTO steps (id, step) VALUES (1, 0), (2, 0)');
});

async function steps(): Promise<number[]> {
  const rows = await dataSource.query<Array<{ step: number }>>('SELECT step FROM steps ORDER BY id');
  return rows.map(({ step }) => step);
}

async function add(manager: EntityManager, id: number): Promise<void> {
  await manager.query('UPDATE steps SET step = step + 1 WHERE id = ?', [id]);
}

describe('a transaction', () => {
  it('is committed as a whole, and its value returned', async () => {
    const value = await runner.run(async (manager) => {
      await add(manager, 1);
      await add(manager, 2);
      return 'done';
    });
    expect({ value, steps: await steps() }).toEqual({ value: 'done', steps: [1, 1] });
  });

  it('that fails leaves nothing behind and is not tried again', async () => {
    let tries = 0;
    const failing = runner.run(async (manager) => {
      tries += 1;
      await add(manager, 1);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect({ tries, steps: await steps() }).toEqual({ tries: 1, steps: [0, 0] });
  });

  it('sees what others have committed meanwhile: it reads at READ COMMITTED', async () => {
    const seen = await runner.run(async (manager) => {
      await manager.query('SELECT step FROM steps');
      await dataSource.query('UPDATE steps SET step = 7 WHERE id = 1');
      const [row] = await manager.query<Array<{ step: number }>>('SELECT step FROM steps WHERE id = 1');
      return row?.step;
    });
    expect(seen).toBe(7);
  });
});

describe('a lock conflict', () => {
  it.each([
    [1213, '40001'],
    [1205, 'HY000'],
  ])('%i starts it again from the beginning, with what it did rolled back', async (errno, sqlState) => {
    let tries = 0;
    await runner.run(async (manager) => {
      tries += 1;
      await add(manager, 1);
      if (tries < 3) throw serverError(errno, sqlState, `try ${tries}`);
    });
    expect({ tries, steps: await steps() }).toEqual({ tries: 3, steps: [1, 0] });
  });

  it.each([
    ['unless told otherwise', undefined, 12],
    ['when two are allowed', { attempts: 2 }, 2],
    ['when one is allowed', { attempts: 1 }, 1],
  ])(
    '%s ends after so many attempts with the first error, and leaves nothing behind',
    async (_when, options, attempts) => {
      let tries = 0;
      const failing = runner.run(async (manager) => {
        tries += 1;
        await add(manager, 1);
        throw serverError(1213, '40001', `try ${tries}`);
      }, options);
      await expect(failing).rejects.toThrow('try 1');
      expect({ tries, steps: await steps() }).toEqual({ tries: attempts, steps: [0, 0] });
    },
  );

  it('followed by another error ends it with the first error', async () => {
    let tries = 0;
    const failing = runner.run(async () => {
      tries += 1;
      throw tries === 1 ? serverError(1213, '40001', 'the deadlock') : new Error('a consequence');
    });
    await expect(failing).rejects.toThrow('the deadlock');
    expect(tries).toBe(2);
  });
});
