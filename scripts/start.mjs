/** npm start: Redis and MySQL up, the app built and in the foreground. For laptops; in production nobody uses it. */
import { once } from 'node:events';
import { appProfile, readAppConfig } from './services/app-config.mjs';
import { endApp, localAddress, portProblem, spawnApp, waitUntilReady } from './services/app-process.mjs';
import { ensureBuilt } from './services/build.mjs';
import { exitCodeOf, whenAskedToEnd } from './services/ending.mjs';
import { freePort } from './services/free-port.mjs';
import { checkGivenServers } from './services/given-servers.mjs';
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
  const { profile, host, port, management } = await settings();
  const services = await provision(localProfile(), console.log);

  const child = spawnApp({ port, managementPort: management?.port, profile, services, output: 'inherit' });
  app = child;
  const end = once(child, 'exit');
  const address = localAddress(port, host);
  const isReady = await waitUntilReady(address, child, console.log);
  if (isReady && !endingSince) {
    const operators = management === null ? address : localAddress(management.port, management.host);
    printBanner({ address, operators }, profile, services);
  }
  await end;

  const code = exitCodeOf(child.exitCode, child.signalCode);
  const how = child.signalCode ? `by ${child.signalCode}` : `with code ${code}`;
  if (!endingSince) console.log(`The app ended by itself, ${how}${isReady ? '' : ', before it was ready'}.`);
  else if (!isReady) console.log('Ended before firstcome was ready.');
  if (Object.values(services).some((service) => service.mode !== 'given')) {
    console.log('Redis and MySQL stay up for the next start. To stop them: npm run services -- down');
  }
  return endingSince ? 0 : code;
}

/** Throws when the app could not start with them: nothing has been started so far. */
async function settings() {
  const profile = appProfile();
  await ensureBuilt(console.log);
  const config = await readAppConfig(profile);
  const { host } = config.http;
  const port = config.http.port || (await freePort());
  const problem = await portProblem({ host, port });
  if (problem) throw new Error(problem);
  await checkGivenServers(config);
  const management =
    config.management.port === undefined
      ? null
      : { host: config.management.host, port: config.management.port || (await freePort()) };
  return { profile, host, port, management };
}

/** @type {(at: { address: string, operators: string }, profile: string, services: Services) => void} */
function printBanner({ address, operators }, profile, services) {
  const [shown, forOperators] = [address, operators].map((at) => at.replace('127.0.0.1', 'localhost'));
  const lines = [
    'firstcome is ready',
    `  address   ${shown}`,
    `  dashboard ${forOperators}/dashboard`,
    `  API docs  ${forOperators}/docs`,
    `  profile   ${profile}`,
    `  Redis     ${whereItRuns(services.redis)}`,
    `  MySQL     ${whereItRuns(services.mysql)}`,
    '  Ctrl-C ends the app.',
  ];
  console.log(`\n${lines.join('\n')}\n`);
}
