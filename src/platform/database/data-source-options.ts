import mysql2, { type Pool, type PoolOptions } from 'mysql2';
import type { DataSourceOptions, MigrationInterface } from 'typeorm';
import type { Config } from '../config/config.schema.js';

/**
 * mysql2, whose connections run at READ COMMITTED from the start: every statement sees what was committed before it, and
 * there are no gap locks to deadlock on. Saying it for each transaction would cost each a round trip more.
 */
const READ_COMMITTED = {
  ...mysql2,
  createPool(options: PoolOptions): Pool {
    const pool = mysql2.createPool(options);
    pool.on('connection', (connection) => {
      connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', (error: unknown) => {
        if (error !== null) connection.destroy();
      });
    });
    return pool;
  },
};

export type Migration = new () => MigrationInterface;

/** How we talk to MySQL: one place for the application and for `npm run migrate`. */
export function dataSourceOptions(config: Config['database'], migrations: Migration[]): DataSourceOptions {
  return {
    type: 'mysql',
    driver: READ_COMMITTED,
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
