import './platform/node-version.js';
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations.js';
import { databaseSchema } from './platform/config/config.schema.js';
import { readConfig } from './platform/config/read-config.js';
import { connect } from './platform/database/connect.js';
import { dataSourceOptions } from './platform/database/data-source-options.js';
import { migrateDatabase } from './platform/database/migrate-database.js';
import { messageOf } from './platform/errors/error-text.js';

/** `npm run migrate`: brings the schema up to date and ends; for production, before a new version is started. */
try {
  const { database } = readConfig(databaseSchema, process.env);
  const dataSource = await connect(new DataSource(dataSourceOptions(database, MIGRATIONS)));
  const ran = await migrateDatabase(dataSource);
  process.stdout.write(ran.length === 0 ? 'nothing to migrate\n' : `migrated: ${ran.join(', ')}\n`);
  await dataSource.destroy();
} catch (error) {
  process.stderr.write(`not migrated: ${messageOf(error)}\n`);
  process.exit(1);
}
