import type { DataSourceOptions, MigrationInterface } from 'typeorm';
import type { Config } from '../config/config.schema.js';

export type Migration = new () => MigrationInterface;

/** How we talk to MySQL: one place for the application and for `npm run migrate`. */
export function dataSourceOptions(config: Config['database'], migrations: Migration[]): DataSourceOptions {
  return {
    type: 'mysql',
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
