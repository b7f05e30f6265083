import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations.js';
import { loadConfig } from './platform/config/load-config.js';
import { dataSourceOptions } from './platform/database/data-source-options.js';
import { migrateDatabase } from './platform/database/migrate-database.js';

/** `npm run migrate`: brings the schema up to date and ends; for production, before a new version is started. */
const dataSource = new DataSource(dataSourceOptions(loadConfig().database, MIGRATIONS));
await dataSource.initialize();
try {
  const ran = await migrateDatabase(dataSource);
  process.stdout.write(ran.length === 0 ? 'nothing to migrate\n' : `migrated: ${ran.join(', ')}\n`);
} finally {
  await dataSource.destroy();
}
