import mysql2, { type Pool, type PoolOptions } from 'mysql2';
import type { DataSourceOptions, MigrationInterface } from 'typeorm';
import type { Config, GaleraMode } from '../config/config.schema.js';
import { connectionOptions, type ConnectionSettings } from './connection-options.js';
import { prepareSession } from './session-settings.js';

export type Migration = new () => MigrationInterface;

/** TypeORM's driver, with a way to open a pool: the application's is limited and watched, that of migrations is not. */
export function driverWith(createPool: (options: PoolOptions) => unknown): object {
  return { ...mysql2, createPool };
}

/** How TypeORM talks to MySQL: one place for the application and for `npm run migrate`. */
export function dataSourceOptions(
  config: ConnectionSettings & Pick<Config['database'], 'poolSize'>,
  migrations: Migration[],
  driver = driverWith((options) => openPool(options, config.galera)),
): DataSourceOptions {
  const connection = connectionOptions(config);
  return {
    type: 'mysql',
    driver,
    database: connection.database,
    poolSize: config.poolSize,
    migrations,
    migrationsTableName: 'schema_migrations',
    extra: connection,
  };
}

/**
 * mysql2's pool, each of whose connections sets its session before its first borrower has it.
 *
 * @param galera as `prepareSession` takes it
 * @param limits further settings that every connection begins with
 */
export function openPool(options: PoolOptions, galera: GaleraMode, limits: readonly string[] = []): Pool {
  const pool = mysql2.createPool(options);
  pool.on('connection', (connection) => prepareSession(connection, galera, limits));
  return pool;
}
