/** npm start: Redis and MySQL up, the app built and in the foreground. For laptops; in production nobody uses it. */
import { once } from 'node:events';
import { appProfile, endApp, portProblem, spawnApp, waitUntilLive } from './services/app-process.mjs';
import { ensureBuilt } from './services/build.mjs';
import { exitCodeOf, whenAskedToEnd } from './services/ending.mjs';
import { errorMessage, whereItRuns } from './services/messages.mjs';
import { localProfile } from './services/profile.mjs';
import { provision } from './services/provision.mjs';

/** One Ctrl-C comes twice, from the terminal and from npm; a later one is from someone who does not want to wait. */
const SAME_CTRL_C_MS = 1_000;

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Services } from './services/provision.mjs' */

/** @type {ChildProcess | undefined} */
let app;
let endingSince = 0;

whenAskedToEnd((exitCode) => {
  // Before there is an app: a server that is just starting is found again by the next start.
  if (!app) process.exit(exitCode);
  if (!endingSince) {
    endingSince = Date.now();
    void endApp(app);
  } else if (Date.now() - endingSince > SAME_CTRL_C_MS) {
    app.kill('SIGKILL');
  }
});

try {
  process.exitCode = await start();
} catch (error) {
  console.error(errorMessage(error));
  process.exitCode = 1;
}

/** Resolves with the exit code. */
async function start() {
  const { port, profile } = settings();
  const problem = await portProblem(port);
  if (problem) throw new Error(problem);
  await ensureBuilt(console.log);
  const services = await provision(localProfile(), console.log);

  const child = spawnApp({ port, profile, services, output: 'inherit' });
  app = child;
  const end = once(child, 'exit');
  if ((await waitUntilLive(port, child)) && !endingSince) printBanner(port, profile, services);
  await end;

  const code = exitCodeOf(child.exitCode, child.signalCode);
  if (!endingSince)
    console.log(`The app ended by itself, ${child.signalCode ? `by ${child.signalCode}` : `with code ${code}`}.`);
  if (Object.values(services).some((service) => service.mode !== 'given')) {
    console.log('Redis and MySQL stay up for the next start. To stop them: npm run services -- down');
  }
  return endingSince ? 0 : code;
}

function settings() {
  const { PORT = '8080' } = process.env;
  const profile = appProfile();
  const port = Number(PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`PORT must be 1 to 65535, not "${PORT}"`);
  return { port, profile };
}

/** @type {(port: number, profile: string, services: Services) => void} */
function printBanner(port, profile, services) {
  const lines = [
    'firstcome is ready',
    `  address   http://localhost:${port}`,
    `  dashboard http://localhost:${port}/dashboard`,
    `  API docs  http://localhost:${port}/docs`,
    `  profile   ${profile}`,
    `  Redis     ${whereItRuns(services.redis)}`,
    `  MySQL     ${whereItRuns(services.mysql)}`,
    '  Ctrl-C ends the app.',
  ];
  console.log(`\n${lines.join('\n')}\n`);
}
