import './platform/node-version.js';
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations.js';
import { databaseSchema } from './platform/config/config.schema.js';
import { readConfig } from './platform/config/read-config.js';
import { connect } from './platform/database/connect.js';
import { dataSourceOptions } from './platform/database/data-source-options.js';
import { isGaleraNode } from './platform/database/galera/is-galera-node.js';
import { MigrationLease } from './platform/database/galera/migration-lease.js';
import { migrateDatabase } from './platform/database/migrate-database.js';
import { messageOf } from './platform/errors/error-text.js';

const USAGE = 'usage: npm run migrate [-- --unlock]';
const UNLOCK = '--unlock';

/**
 * `npm run migrate`: brings the schema up to date and ends; for production, before a new version is started.
 * `npm run migrate -- --unlock`: frees the lease that a process left behind which died while it migrated a Galera cluster.
 */
const given = process.argv.slice(2);
if (given.some((argument) => argument !== UNLOCK)) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}
const isUnlock = given.length > 0;
try {
  const { database } = readConfig(databaseSchema, process.env);
  const dataSource = await connect(new DataSource(dataSourceOptions(database, MIGRATIONS)));
  process.stdout.write(`${isUnlock ? await unlock(dataSource) : await migrate(dataSource)}\n`);
  await dataSource.destroy();
} catch (error) {
  process.stderr.write(`${isUnlock ? 'not unlocked' : 'not migrated'}: ${messageOf(error)}\n`);
  process.exit(1);
}

async function migrate(dataSource: DataSource): Promise<string> {
  const ran = await migrateDatabase(dataSource);
  return ran.length === 0 ? 'nothing to migrate' : `migrated: ${ran.join(', ')}`;
}

async function unlock(dataSource: DataSource): Promise<string> {
  if (!(await isGaleraNode(dataSource))) return 'nothing to unlock: the server is no node of a Galera cluster';
  const holder = await MigrationLease.unlock(dataSource);
  return holder === undefined
    ? 'nothing to unlock: nobody holds the lease'
    : `unlocked: ${holder.owner} had held the lease since ${holder.since.toISOString()}`;
}
