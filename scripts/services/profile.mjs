/** A profile: one set of Redis and MySQL with its own directory, ports and schema. */
import { join } from 'node:path';
import { defaultFlavour } from './mysql-server.mjs';
import { servicesDir } from './project.mjs';

/** @import { Flavour } from './mysql-server.mjs' */

/**
 * `ports`: preferred ones; null: any free ones. `durable`: false only where nobody kills the servers.
 * @typedef {{ name: string, dir: string, database: string, ports: { redis: number, mysql: number } | null,
 *   durable: boolean, flavour: Flavour }} Profile
 */

/** What `npm start` and `npm run services` use: kept from start to start. @returns {Profile} */
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

/** Of one run of `npm test`: named after the process, so that runs do not meet. @returns {Profile} */
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

/** Of one run of `load -- --fresh` or `bench`: durable as in production, since what a commit costs is measured. */
export function loadTestProfile() {
  const name = `load-${process.pid}`;
  return { ...localProfile(), name, dir: join(servicesDir, name), ports: null };
}
