import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { CONFIG } from '../config/config.module.js';
import type { Config, GaleraMode } from '../config/config.schema.js';
import { ConfigError } from '../config/read-config.js';
import { MetricsRegistry } from '../metrics/metrics-registry.js';
import { connect } from './connect.js';
import { databaseErrorMessage, databaseProblem } from './database-errors.js';
import { dataSourceOptions, driverWith, type Migration, openPool } from './data-source-options.js';
import { migrateDatabase } from './migrate-database.js';
import { type ConnectionClass, SHARED } from './pool/connection-class.js';
import { ConnectionPool } from './pool/connection-pool.js';
import { PoolMetrics } from './pool/pool-metrics.js';
import { idleTransactionLimit, lockWaitLimit } from './session-settings.js';
import { TransactionRunner } from './transaction-runner.js';

const CONNECT_ATTEMPTS = 10;
const CONNECT_RETRY_MS = 1000;
/** What is left of the 5 s that a stop may take. */
const CLOSE_MS = 250;

/** The connection pool and the transaction runner; migrates the schema first, where the profile says so. */
@Global()
@Module({ providers: [TransactionRunner], exports: [TransactionRunner] })
export class DatabaseModule {
  /** @param classes of the callers that have a share of the pool of their own; their settings are in the configuration */
  static forRoot<Settings extends Config>(
    migrations: Migration[],
    classes: ReadonlyArray<ConnectionClass<Settings>>,
  ): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [CONFIG, MetricsRegistry],
          useFactory: (config: Settings, registry: MetricsRegistry) => {
            const { database } = config;
            const metrics = new PoolMetrics(registry);
            const limits = [
              lockWaitLimit(database.statementTimeoutMs),
              idleTransactionLimit(database.idleTransactionTimeoutMs),
            ];
            const shares = new Map([SHARED, ...classes].map((each) => [each, each.share(config)]));
            const driver = driverWith(
              (options) => new ConnectionPool(openPool(options, database.galera, limits), database, metrics, shares),
            );
            return {
              ...dataSourceOptions(database, migrations, driver),
              galera: database.galera,
              migrationsRun: database.migrateAtStart,
              autoLoadEntities: true,
              retryAttempts: CONNECT_ATTEMPTS,
              retryDelay: CONNECT_RETRY_MS,
              toRetry: (error) => !(error instanceof ConfigError),
            };
          },
          dataSourceFactory: openDataSource,
        }),
      ],
    };
  }
}

/** Which TypeORM hands on as it is. */
type Options = DataSourceOptions & { readonly galera: GaleraMode };

async function openDataSource(given?: DataSourceOptions): Promise<DataSource> {
  if (given === undefined) throw new Error('no data source options');
  const options = given as Options;
  if (options.migrationsRun === true) await migrate(options);
  const dataSource = new ImpatientDataSource({ ...options, migrationsRun: false });
  return await connect(dataSource);
}

/** Over connections of its own, whose statements have no time limit. */
async function migrate(options: Options): Promise<void> {
  const driver = driverWith((poolOptions) => openPool(poolOptions, options.galera));
  const unlimited = { driver, entities: [], migrationsRun: false };
  const dataSource = await connect(new DataSource({ ...options, ...unlimited }));
  try {
    const ran = await migrateDatabase(dataSource);
    if (ran.length > 0) new Logger('Database').log(`migrated: ${ran.join(', ')}`);
  } catch (error) {
    if (databaseProblem(error) !== 'NO_PERMISSION') throw error;
    const reason = databaseErrorMessage(error);
    throw new ConfigError([`database.url (DATABASE_URL) names a user without the rights to migrate: ${reason}`]);
  } finally {
    await dataSource.destroy();
  }
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
