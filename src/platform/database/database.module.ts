import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { dataSourceOptions, type Migration } from './data-source-options.js';
import { migrateDatabase } from './migrate-database.js';
import { TransactionRunner } from './transaction-runner.js';

const CONNECT_ATTEMPTS = 10;
const CONNECT_RETRY_MS = 1000;
/** What is left of the 5 s that a stop may take. */
const CLOSE_MS = 250;

/** The connection pool and the transaction runner; where the profile says so, the schema is migrated before anything uses it. */
@Global()
@Module({ providers: [TransactionRunner], exports: [TransactionRunner] })
export class DatabaseModule {
  static forRoot(migrations: Migration[]): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [CONFIG],
          useFactory: (config: Config) => ({
            ...dataSourceOptions(config.database, migrations),
            migrationsRun: config.database.migrateAtStart,
            autoLoadEntities: true,
            retryAttempts: CONNECT_ATTEMPTS,
            retryDelay: CONNECT_RETRY_MS,
          }),
          dataSourceFactory: openDataSource,
        }),
      ],
    };
  }
}

async function openDataSource(options?: DataSourceOptions): Promise<DataSource> {
  if (options === undefined) throw new Error('no data source options');
  const dataSource = new ImpatientDataSource({ ...options, migrationsRun: false });
  await dataSource.initialize();
  if (options.migrationsRun === true) {
    const ran = await migrateDatabase(dataSource);
    if (ran.length > 0) new Logger('Database').log(`migrated: ${ran.join(', ')}`);
  }
  return dataSource;
}

/**
 * The driver closes a connection after the answer to its last statement, which does not come from a server that stands
 * still, nor while a row is locked. The process ends all the same; the server then rolls back what was not committed.
 */
class ImpatientDataSource extends DataSource {
  override async destroy(): Promise<void> {
    await Promise.race([super.destroy(), delay(CLOSE_MS)]);
  }
}
