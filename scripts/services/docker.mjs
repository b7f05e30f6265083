/** Redis and MySQL from docker-compose.yml, where a Docker engine answers. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findBinary } from './binaries.mjs';
import { projectDir } from './project.mjs';

/** @import { Profile } from './profile.mjs' */
/** @import { ServiceName } from './state.mjs' */

const run = promisify(execFile);

/* Reachable from 127.0.0.1 only, as the private servers are. */
const PASSWORD = 'firstcome';

/* What the file asks for services that are not started here; Compose wants all of it. */
export const UNUSED = { ADMIN_TOKEN: 'unused', IDENTITY_MODE: 'unused', GRAFANA_PASSWORD: 'unused' };

/** What the file asks for MySQL. @param {string} database */
export function databaseVariables(database) {
  return {
    MYSQL_DATABASE: database,
    MYSQL_ROOT_PASSWORD: PASSWORD,
    MYSQL_PASSWORD: PASSWORD,
    MYSQL_MIGRATION_PASSWORD: PASSWORD,
  };
}

/** Whether there is an engine with the compose plug-in. */
export async function dockerAnswers() {
  const docker = findBinary('docker');
  if (!docker) return false;
  try {
    await run(docker, ['info'], { timeout: 5_000 });
    await run(docker, ['compose', 'version'], { timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

/** Resolves with its url when it is healthy. @param {Profile} profile @param {ServiceName} name @param {number} port */
export async function composeUp(profile, name, port) {
  await compose(profile, ['up', '-d', '--wait', name], {
    [name === 'redis' ? 'REDIS_PORT' : 'MYSQL_PORT']: String(port),
  });
  return name === 'redis'
    ? `redis://127.0.0.1:${port}`
    : `mysql://root:${PASSWORD}@127.0.0.1:${port}/${profile.database}`;
}

/** Stops the containers; their volumes stay. @param {Profile} profile */
export async function composeStop(profile) {
  await compose(profile, ['stop']);
}

/** Removes the containers and everything they stored. @param {Profile} profile */
export async function composeRemove(profile) {
  await compose(profile, ['down', '--volumes']);
}

/** @type {(profile: Profile, args: string[], variables?: NodeJS.ProcessEnv) => Promise<void>} */
async function compose(profile, args, variables = {}) {
  const docker = findBinary('docker') ?? 'docker';
  // A project name of its own, so that the containers do not mix with those of a plain `docker compose up`.
  await run(docker, ['compose', '-p', `firstcome-${profile.name}`, ...args], {
    cwd: projectDir,
    env: {
      ...process.env,
      ...UNUSED,
      ...databaseVariables(profile.database),
      ...variables,
    },
  });
}
