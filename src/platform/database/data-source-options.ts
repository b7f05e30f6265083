import mysql2, { type Pool, type PoolOptions } from 'mysql2';
import type { DataSourceOptions, MigrationInterface } from 'typeorm';
import type { Config } from '../config/config.schema.js';
import { prepareSession } from './session-settings.js';

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
 * mysql2's pool, each of whose connections sets its session before its first borrower has it.
 *
 * @param limits further settings that every connection begins with
 */
export function openPool(options: PoolOptions, limits: readonly string[] = []): Pool {
  const pool = mysql2.createPool(options);
  pool.on('connection', (connection) => prepareSession(connection, limits));
  return pool;
}
