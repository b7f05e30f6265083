import mysql from 'mysql2/promise';
import { testDatabaseUrl } from './database.js';
import { atEndOfFile } from './cleanup.js';

/**
 * A new, empty schema on the server of the test run, for a test file that changes its tables; dropped at the end of the
 * file. Returns its address. Ids start anew in it, so it goes with a Redis of the file's own.
 */
export async function createOwnSchema(name: string): Promise<string> {
  const url = new URL(testDatabaseUrl());
  const schema = `${url.pathname.slice(1)}_${name}_${process.pid}`;
  const connection = await mysql.createConnection(url.href);
  atEndOfFile(async () => {
    await connection.query(`DROP DATABASE ${schema}`);
    await connection.end();
  });
  await connection.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  url.pathname = schema;
  return url.href;
}
