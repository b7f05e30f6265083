/**
 * npm run services -- up | down | status | reset [--json]: Redis and MySQL of the local profile. Exit code 1: it could not be
 * done or told, 2: called in a wrong way; of status 3: one of them does not run.
 */
import { errorMessage, serviceLine } from './services/messages.mjs';
import { localProfile } from './services/profile.mjs';
import { erase, provision, shutDown, status } from './services/provision.mjs';

const USAGE = `Usage: npm run services -- <command> [--json]
  up      start Redis and MySQL, where they do not run yet
  down    stop them; the data stays
  status  where they run
  reset   stop them, delete their data, start anew`;

/** As of systemctl. */
const NOT_RUNNING = 3;

const profile = localProfile();
const asJson = process.argv.includes('--json');
const words = process.argv.slice(2).filter((word) => word !== '--json');

/** @type {Record<string, () => Promise<unknown>>} */
const commands = {
  up: () => provision(profile, console.error),
  down: () => shutDown(profile),
  status: () => Promise.resolve(),
  reset: async () => {
    await erase(profile);
    await provision(profile, console.error);
  },
};

const command = words.length === 1 ? commands[words[0] ?? ''] : undefined;
if (command) {
  try {
    await command();
    const services = await status(profile);
    if (asJson) console.log(JSON.stringify(services, null, 2));
    else
      for (const line of [serviceLine('Redis', services.redis), serviceLine('MySQL', services.mysql)])
        console.log(line);
    if (words[0] === 'status' && !(services.redis && services.mysql)) process.exitCode = NOT_RUNNING;
  } catch (error) {
    console.error(errorMessage(error));
    process.exitCode = 1;
  }
} else {
  console.error(USAGE);
  process.exitCode = 2;
}
