/** The settings of an app that we start, read by its own reader: what it would refuse is told before a server is started. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { localProfile } from './profile.mjs';
import { projectDir } from './project.mjs';

/** @import { AppConfig } from '../../src/config.js' */

/** NODE_ENV of an app that we start: local, unless it is to use somebody's database. */
export function appProfile() {
  const { NODE_ENV, DATABASE_URL } = process.env;
  if (NODE_ENV || !DATABASE_URL) return NODE_ENV || 'local';
  throw new Error(
    'DATABASE_URL is given, so say which profile it is for: NODE_ENV=local (local creates test data there)',
  );
}

/** Throws the app's ConfigError, which names every problem. @param {string} profile @returns {Promise<AppConfig>} */
export async function readAppConfig(profile) {
  /** @type {typeof import('../../src/config.js')} */
  const { loadConfig } = await importBuilt('config.js');
  const { REDIS_URL, DATABASE_URL } = process.env;
  return loadConfig({
    ...process.env,
    NODE_ENV: profile,
    REDIS_URL: REDIS_URL || 'redis://127.0.0.1',
    DATABASE_URL: DATABASE_URL || `mysql://127.0.0.1/${localProfile().database}`,
  });
}

/** A file of dist/. @param {string} file */
export function importBuilt(file) {
  return import(pathToFileURL(join(projectDir, 'dist', file)).href);
}
