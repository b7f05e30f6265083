/** The programs that a set needs, installed through apt where they are missing and we may. */
import { findOrInstall } from '../services/apt.mjs';
import { findHaproxy } from '../services/haproxy.mjs';
import { kafkaPrograms } from '../services/kafka-programs.mjs';
import { findMySql } from '../services/mysql-binaries.mjs';
import { findRedis } from '../services/redis-server.mjs';
import { galeraPrograms } from './galera-node.mjs';

/** @import { Say } from '../services/messages.mjs' */
/** @import { Wanted } from './plan.mjs' */

const PROGRAMS = [
  { label: 'Redis', aptPackage: 'redis-server', brew: 'redis', isInstalled: () => findRedis() !== null },
  { label: 'HAProxy', aptPackage: 'haproxy', brew: 'haproxy', isInstalled: () => findHaproxy() !== null },
  { label: 'MariaDB', aptPackage: 'mariadb-server', brew: 'mariadb', isInstalled: () => findMySql() !== null },
];

/** Throws, with what one can do by hand, where one is missing and cannot be installed. @param {Wanted} wanted @param {Say} say */
export async function installPrograms(wanted, say) {
  await installCommon(say);
  if (wanted.database === 'galera') await galeraPrograms(say);
  if (wanted.kafka > 0) await kafkaPrograms(say);
}

/** What every set needs. @param {Say} say */
async function installCommon(say) {
  const missing = PROGRAMS.filter(({ isInstalled }) => !isInstalled());
  if (missing.length === 0) return;
  const packages = missing.map(({ aptPackage }) => aptPackage);
  if (await findOrInstall(() => missing.every(({ isInstalled }) => isInstalled()), packages, say)) return;
  throw new Error(
    [
      `${missing.map(({ label }) => label).join(' and ')} cannot be started: not installed, and apt-get cannot be used here. One of:`,
      `  Debian, Ubuntu   sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`,
      `  macOS            brew install ${missing.map(({ brew }) => brew).join(' ')}`,
    ].join('\n'),
  );
}
