import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/platform/database/data-source-options.js';
import { MigrationLease, MigrationLeaseTakenError } from '../../src/platform/database/galera/migration-lease.js';
import { atEndOfFile } from '../support/cleanup.js';
import { serverError } from '../support/failing-statements.js';
import { createOwnSchema } from '../support/own-schema.js';

/** The lease on a server of any kind; on the nodes of a cluster it is tested under test/cluster/. */

const PATIENT = { waitMs: 60_000 };
const AT_ONCE = { waitMs: 0 };

let database: DataSource;

beforeAll(async () => {
  const url = await createOwnSchema('lease');
  const settings = { url, poolSize: 10, connectTimeoutMs: 3000, tls: { mode: 'off' }, galera: 'auto' } as const;
  database = await new DataSource(dataSourceOptions(settings, [])).initialize();
  atEndOfFile(() => database.destroy());
});

beforeEach(async () => {
  await database.query('DROP TABLE IF EXISTS schema_migration_lease');
});

async function owner(): Promise<string | null | undefined> {
  const rows = await database.query<Array<{ owner: string | null }>>('SELECT owner FROM schema_migration_lease');
  return rows[0]?.owner;
}

/** As if its holder had said nothing for so long that it is over. */
async function letItEnd(): Promise<void> {
  await database.query('UPDATE schema_migration_lease SET held_until = held_until - INTERVAL 1 DAY');
}

describe('the lease of who migrates', () => {
  it('is there before there is any table, and free again at the end', async () => {
    const lease = await MigrationLease.take(database, AT_ONCE);
    expect(await owner()).toMatch(new RegExp(`^process ${process.pid} on `));
    await lease.end();
    expect(await owner()).toBeNull();
  });

  it('is held by one at a time, and by each in the end', async () => {
    let holders = 0;
    let most = 0;
    const take = async (): Promise<void> => {
      const lease = await MigrationLease.take(database, PATIENT);
      holders += 1;
      most = Math.max(most, holders);
      await database.query('DO SLEEP(0.01)');
      holders -= 1;
      await lease.end();
    };
    await Promise.all(Array.from({ length: 5 }, take));
    expect({ holders, most }).toEqual({ holders: 0, most: 1 });
  });

  it('is not waited for without end: who did not get it is told who has it, and how to free it', async () => {
    const lease = await MigrationLease.take(database, AT_ONCE);
    const refused = MigrationLease.take(database, AT_ONCE);
    await expect(refused).rejects.toThrow(MigrationLeaseTakenError);
    await expect(refused).rejects.toThrow(
      /^process \d+ on \S+ \(\w+\) has been migrating the database since \d{4}-.*Z, .* "npm run migrate -- --unlock" /,
    );
    await lease.end();
  });

  it('is freed by who asks for that, and its holder frees nothing of the next one', async () => {
    const lease = await MigrationLease.take(database, AT_ONCE);
    const held = await owner();
    expect(await MigrationLease.unlock(database)).toEqual({ owner: held, since: expect.any(Date) });
    expect(await MigrationLease.unlock(database)).toBeUndefined();
    const next = await MigrationLease.take(database, AT_ONCE);
    const heldByNext = await owner();
    await lease.end();
    expect(await owner()).toBe(heldByNext);
    await next.end();
  });

  it('of a holder that died is taken, but not at once: a long DDL statement holds up a sign of life, too', async () => {
    const dead = await MigrationLease.take(database, AT_ONCE);
    const held = await owner();
    await letItEnd();
    await expect(MigrationLease.take(database, AT_ONCE)).rejects.toThrow(MigrationLeaseTakenError);
    expect(await owner()).toBe(held);
    const lease = await MigrationLease.take(database, { ...PATIENT, graceMs: 0 });
    expect(await owner()).not.toBe(held);
    await lease.end();
    await dead.end();
  });

  it('goes on when a node was in the way of another one, and tells of what else goes wrong', async () => {
    let conflicts = 2;
    const sometimes = {
      query: async (sql: string, parameters?: unknown[]): Promise<unknown> => {
        if (sql.startsWith('UPDATE') && conflicts-- > 0) throw serverError(1213, '40001', 'WSREP detected deadlock');
        return await database.query(sql, parameters);
      },
    };
    const lease = await MigrationLease.take(sometimes, PATIENT);
    expect(conflicts).toBeLessThan(0);
    await lease.end();
    const never = { query: async () => await Promise.reject(serverError(1290, 'HY000', 'read-only')) };
    await expect(MigrationLease.take(never, PATIENT)).rejects.toThrow('read-only');
  });
});
