/** On what a result was measured. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { parse } from 'yaml';
import { projectDir } from '../services/project.mjs';

/** @import { Services } from '../services/provision.mjs' */
/** @typedef {Awaited<ReturnType<typeof describeMachine>>} Machine */

const OS_RELEASE = '/etc/os-release';
/** Of an app that somebody else has started. */
const UNKNOWN = 'not known';

/** @param {Record<string, string>} generator @param {Services | null} services  null: somebody else's app */
export async function describeMachine(generator, services) {
  const processors = cpus();
  return {
    hardware: `${processors.length} cores (${processors[0]?.model.trim() ?? arch()}), ${Math.round(totalmem() / 2 ** 30)} GB`,
    system: systemName(),
    /** @type {Record<string, string>} */
    versions: {
      Node: services ? process.versions.node : UNKNOWN,
      Redis: services ? await redisVersion(services.redis.url) : UNKNOWN,
      MySQL: services ? await mysqlVersion(services.mysql.url) : UNKNOWN,
      ...generator,
    },
    poolSize: services ? poolSize() : UNKNOWN,
    revision: revision(),
  };
}

function systemName() {
  const text = existsSync(OS_RELEASE) ? readFileSync(OS_RELEASE, 'utf8') : '';
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1] ?? `${platform()} ${release()}`;
}

/** @param {string} url */
async function redisVersion(url) {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 });
  try {
    await redis.connect();
    return /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? UNKNOWN;
  } finally {
    redis.disconnect();
  }
}

/** @param {string} url */
async function mysqlVersion(url) {
  const connection = await mysql.createConnection(url);
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    return Array.isArray(rows) && rows[0] && 'version' in rows[0] ? String(rows[0].version) : UNKNOWN;
  } finally {
    await connection.end();
  }
}

function poolSize() {
  /** @type {{ database: { poolSize: number } }} */
  const defaults = parse(readFileSync(join(projectDir, 'config', 'default.yaml'), 'utf8'));
  return process.env['DATABASE_POOL_SIZE'] || String(defaults.database.poolSize);
}

/** The commit, and whether the checkout differs from it. */
function revision() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: projectDir,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return UNKNOWN;
  }
}

/**
 * MB a second that one core hashes: how fast the machine is at this moment. A virtual one may be twice as fast an hour
 * later, so absolute numbers of different runs can only be compared together with this one.
 */
export function coreSpeed() {
  const megabytes = 64;
  const block = Buffer.alloc(megabytes * 1_000_000);
  const startedAt = performance.now();
  createHash('sha256').update(block).digest();
  return Math.round(megabytes / ((performance.now() - startedAt) / 1000));
}
