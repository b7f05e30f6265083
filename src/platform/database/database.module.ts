import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { dataSourceOptions, type Migration } from './data-source-options.js';
import { migrateDatabase } from './migrate-database.js';
import { TransactionRunner } from './transaction-runner.js';

const CONNECT_ATTEMPTS = 10;
const CONNECT_RETRY_MS = 1000;

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
  const dataSource = new DataSource({ ...options, migrationsRun: false });
  await dataSource.initialize();
  if (options.migrationsRun === true) {
    const ran = await migrateDatabase(dataSource);
    if (ran.length > 0) new Logger('Database').log(`migrated: ${ran.join(', ')}`);
  }
  return dataSource;
}
