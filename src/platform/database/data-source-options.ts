import mysql2, { type Pool, type PoolOptions } from 'mysql2';
import type { DataSourceOptions, MigrationInterface } from 'typeorm';
import type { Config } from '../config/config.schema.js';
import { breakOff } from './pool/break-off.js';

export type Migration = new () => MigrationInterface;

/** TypeORM's driver, with a way to open a pool: the application's is limited and watched, that of migrations is not. */
export function driverWith(createPool: (options: PoolOptions) => unknown): object {
  return { ...mysql2, createPool };
}

/** How we talk to MySQL: one place for the application and for `npm run migrate`. */
export function dataSourceOptions(
  config: Pick<Config['database'], 'url' | 'poolSize' | 'connectTimeoutMs'>,
  migrations: Migration[],
  driver = driverWith((options) => openPool(options)),
): DataSourceOptions {
  return {
    type: 'mysql',
    driver,
    url: config.url,
    charset: 'utf8mb4_unicode_ci',
    // DATETIME columns hold UTC. Our ids and sums stay below 2^53, so BIGINT may come back as a number.
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
    poolSize: config.poolSize,
    connectTimeout: config.connectTimeoutMs,
    migrations,
    migrationsTableName: 'schema_migrations',
    extra: { enableKeepAlive: true },
  };
}

/**
 * mysql2's pool, whose connections run at READ COMMITTED from the start: every statement sees what was committed before
 * it, and there are no gap locks to deadlock on. Saying it for each transaction would cost each a round trip more.
 *
 * @param settings further statements that every connection begins with
 */
export function openPool(options: PoolOptions, settings: readonly string[] = []): Pool {
  const pool = mysql2.createPool(options);
  pool.on('connection', (connection) => {
    for (const statement of ['SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', ...settings]) {
      connection.query(statement, (error: Error | null) => {
        if (error !== null) breakOff(connection, error);
      });
    }
  });
  return pool;
}

/**
 * Lets the server give up waiting for a lock (error 1205) before we give up waiting for the server: the connection is
 * then kept, the transaction may be tried again, and no abandoned session stays in line for the lock.
 */
export function lockWaitLimit(statementTimeoutMs: number): string {
  const seconds = Math.max(1, Math.floor(statementTimeoutMs / 2_000));
  const limits = ['innodb_lock_wait_timeout', 'lock_wait_timeout'].map(
    // Cast: of an unsigned and a signed number MariaDB makes a decimal, which it then refuses.
    (variable) => `SESSION ${variable} = CAST(LEAST(@@SESSION.${variable}, ${seconds}) AS UNSIGNED)`,
  );
  return `SET ${limits.join(', ')}`;
}
