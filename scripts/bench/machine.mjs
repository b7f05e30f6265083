/** What the numbers were measured on. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import mysql from 'mysql2/promise';
import { findRedis } from '../services/redis-server.mjs';

/**
 * @param {{ databaseUrl: string, appUrl: string, generator: string }} of
 */
export async function describeMachine({ databaseUrl, appUrl, generator }) {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: redisVersion(),
    mysql: await mysqlVersion(databaseUrl),
    generator,
    poolSize: await poolSize(appUrl),
  };
}

function redisVersion() {
  const redis = findRedis();
  if (!redis) return 'unknown';
  return /v=([\d.]+)/.exec(execFileSync(redis, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
}

/** @param {string} url */
async function mysqlVersion(url) {
  const connection = await mysql.createConnection(url);
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    return Array.isArray(rows) && rows[0] && 'version' in rows[0] ? String(rows[0].version) : 'unknown';
  } finally {
    await connection.end();
  }
}

/** @param {string} appUrl */
async function poolSize(appUrl) {
  const metrics = await (await fetch(`${appUrl}/metrics`)).text();
  const value = /^firstcome_database_pool_limit(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1];
  return value === undefined ? null : Number(value);
}

/**
 * Millions of steps a second of one loop on one core: how fast the machine is at this moment. A virtual one may be twice
 * as fast an hour later, so absolute numbers of different runs can only be compared together with this one.
 */
export function loopSpeed() {
  const steps = 50_000_000;
  const startedAt = performance.now();
  let sum = 0;
  for (let step = 0; step < steps; step += 1) sum = (sum + step * 7) | 0;
  const seconds = (performance.now() - startedAt) / 1000;
  return sum === 0.5 ? 0 : steps / seconds / 1e6;
}
