/** Redis and MySQL seen alike: which variable gives one, how it is found, started and asked. */
import { findMySql } from './mysql-binaries.mjs';
import { mysqlAnswers, startMysql } from './mysql-server.mjs';
import { findRedis, redisAnswers, startRedis } from './redis-server.mjs';

/** @import { Profile } from './profile.mjs' */
/** @import { RunningServer } from './server-process.mjs' */
/** @import { ServiceName } from './state.mjs' */

/**
 * `variable`: the environment variable that gives a server of one's own. `answers`: whether one serves there, and is that
 * process on that directory where they are given.
 * @typedef {{ label: string, variable: string, aptPackage: string, isInstalled: (profile: Profile) => boolean,
 *   start: (profile: Profile, dir: string, port?: number) => Promise<RunningServer>,
 *   answers: (url: string, pid?: number, dataDir?: string) => Promise<boolean> }} ServiceKind
 */

/** @type {Record<ServiceName, ServiceKind>} */
export const SERVICE_KINDS = {
  redis: {
    label: 'Redis',
    variable: 'REDIS_URL',
    aptPackage: 'redis-server',
    isInstalled: () => findRedis() !== null,
    start: (_profile, dir, port) => startRedis({ dir, port }),
    answers: (url, pid) => redisAnswers(Number(new URL(url).port), pid),
  },
  mysql: {
    label: 'MySQL',
    variable: 'DATABASE_URL',
    aptPackage: 'mariadb-server',
    // MySQL 8 of the tests is fetched when it is started.
    isInstalled: ({ flavour }) => flavour === 'mysql8' || findMySql() !== null,
    start: ({ database, durable, flavour }, dir, port) => startMysql({ dir, port, database, durable, flavour }),
    answers: (url, _pid, dataDir) => mysqlAnswers(url, dataDir),
  },
};

/** The first of the variables that gives a server, for those who want none but their own. */
export function givenServer() {
  return Object.values(SERVICE_KINDS).find(({ variable }) => process.env[variable])?.variable;
}
