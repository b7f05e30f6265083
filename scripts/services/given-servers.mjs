/** The servers that the user gives: whether they let the app in, asked before anything is started for it. */
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { importBuilt } from './app-config.mjs';
import { errorCode, errorText } from './process.mjs';
import { SERVICE_KINDS } from './service-kinds.mjs';

/** @import { AppConfig } from '../../src/config.js' */

const TIMEOUT_MS = 3_000;

/** Throws, in one line, when a given one cannot be used. @param {AppConfig} config */
export async function checkGivenServers(config) {
  if (process.env[SERVICE_KINDS.redis.variable]) await checkRedis(config.redis);
  if (process.env[SERVICE_KINDS.mysql.variable]) await checkMysql(config.database);
}

/** @param {AppConfig['redis']} settings */
async function checkRedis({ url, tls }) {
  /** @type {typeof import('../../src/platform/redis/redis-tls.js')} */
  const { redisTls } = await importBuilt('platform/redis/redis-tls.js');
  const redis = new Redis(url, {
    ...redisTls(tls),
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // What broke the connection; the call that fails by it says only that it was closed.
  /** @type {unknown} */
  let cause;
  redis.on('error', (error) => (cause ??= error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw new Error(redisProblem(new URL(url).host, errorText(cause ?? error)), { cause: error });
  } finally {
    redis.disconnect();
  }
}

/** @param {string} host @param {string} reason */
function redisProblem(host, reason) {
  const [refusal] = /^(WRONGPASS|NOAUTH|NOPERM)/.exec(reason) ?? [];
  const server = `Redis at ${host} (REDIS_URL)`;
  return refusal
    ? `${server} does not let us in (${refusal}): the URL must have its user and password, redis://user:password@host:port`
    : `${server} cannot be used: ${reason}`;
}

/** @param {AppConfig['database']} settings */
async function checkMysql(settings) {
  /** @type {typeof import('../../src/platform/database/connection-options.js')} */
  const { connectionOptions } = await importBuilt('platform/database/connection-options.js');
  const options = connectionOptions(settings);
  try {
    const connection = await mysql.createConnection(options);
    await connection.end();
  } catch (error) {
    throw new Error(mysqlProblem(options, error), { cause: error });
  }
}

/** @type {(at: { host: string, port: number, user: string, database: string }, error: unknown) => string} */
function mysqlProblem({ host, port, user, database }, error) {
  const server = `MySQL at ${host}:${port} (DATABASE_URL)`;
  const reason = errorText(error);
  const code = errorCode(error);
  if (code === 'ER_ACCESS_DENIED_ERROR')
    return `${server} does not let "${user}" in: a wrong user or password, or it demands TLS (DATABASE_TLS_MODE): ${reason}`;
  if (code === 'ER_BAD_DB_ERROR')
    return `${server} has no schema "${database}". Create it: CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`;
  if (code === 'ER_DBACCESS_DENIED_ERROR')
    return `${server} does not let "${user}" use the schema "${database}", which must exist and be granted: ${reason}`;
  return `${server} cannot be used: ${reason}`;
}
