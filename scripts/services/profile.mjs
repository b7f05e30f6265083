/** A profile: one set of Redis and MySQL with its own directory, ports and schema. */
import { join } from 'node:path';
import { defaultFlavour } from './mysql-server.mjs';
import { servicesDir } from './project.mjs';

/**
 * @typedef {object} Profile
 * @property {string} name
 * @property {string} dir
 * @property {string} database
 * @property {{ redis: number, mysql: number } | null} ports  preferred ones; null: any free ones
 * @property {boolean} durable                                false only where nobody kills the servers
 * @property {import('./mysql-server.mjs').Flavour} flavour
 */

/**
 * What `npm start` and `npm run services` use: kept from start to start.
 * @returns {Profile}
 */
export function localProfile() {
  return {
    name: 'local',
    dir: join(servicesDir, 'local'),
    database: 'firstcome',
    ports: { redis: 7379, mysql: 7306 },
    durable: true,
    flavour: 'installed',
  };
}

/**
 * What one run of `npm test` uses and throws away: named after the process, so that runs do not meet.
 * @returns {Profile}
 */
export function testProfile() {
  const name = `test-${process.pid}`;
  return {
    name,
    dir: join(servicesDir, name),
    database: 'firstcome_test',
    ports: null,
    durable: false,
    flavour: defaultFlavour(),
  };
}

/**
 * What one run of `npm run load -- --fresh` or of `npm run bench` uses and throws away: durable as in production, since
 * what a commit costs is part of what they measure.
 * @returns {Profile}
 */
export function loadTestProfile() {
  const name = `load-${process.pid}`;
  return { ...localProfile(), name, dir: join(servicesDir, name), ports: null };
}
