/** The app as a child of the launcher: its port, its health, its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './process.mjs';
import { projectDir } from './project.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Services } from './provision.mjs' */

const END_WITHIN_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;

/** Why the app cannot listen on this port, in one line; null when it can. @param {number} port */
export async function portProblem(port) {
  const code = await listenError(port);
  if (code === null) return null;
  if (code !== 'EADDRINUSE') return `Port ${port} cannot be used (${code}). Give another one: PORT=8081 npm start`;
  return (await isLive(localAddress(port)))
    ? `firstcome already runs on http://localhost:${port}. Stop it, or give this one another port: PORT=${port + 1} npm start`
    : `Port ${port} is taken by another program. Stop that, or give another port: PORT=${port + 1} npm start`;
}

/** On all addresses, as the app does. @type {(port: number) => Promise<string | null>} */
function listenError(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorCode(error) ?? error.message));
    server.listen(port, () => server.close(() => resolve(null)));
  });
}

/** NODE_ENV of an app that we start: local, unless it is to use somebody's database. */
export function appProfile() {
  const { NODE_ENV, DATABASE_URL } = process.env;
  if (NODE_ENV || !DATABASE_URL) return NODE_ENV || 'local';
  throw new Error(
    'DATABASE_URL is given, so say which profile it is for: NODE_ENV=local (local creates test data there)',
  );
}

/** @param {{ port: number, profile: string, services: Services, output: 'inherit' | number }} how */
export function spawnApp({ port, profile, services, output }) {
  return spawn(process.execPath, [join(projectDir, 'dist', 'main.js')], {
    cwd: projectDir,
    stdio: ['inherit', output, output],
    // A process group of its own: Ctrl-C reaches the launcher alone, which then ends the app once and in order.
    detached: true,
    env: {
      ...process.env,
      NODE_ENV: profile,
      PORT: String(port),
      REDIS_URL: services.redis.url,
      DATABASE_URL: services.mysql.url,
    },
  });
}

/** Whether the app answers there: `GET /health/live` gives JSON. @param {string} address */
export async function isLive(address) {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const response = await fetch(`${address}/health/live`, { signal });
    await response.json();
    return response.ok;
  } catch {
    return false;
  }
}

/** True when the app answers, false when it ended first. @param {number} port @param {ChildProcess} app */
export async function waitUntilLive(port, app) {
  while (!(await isLive(localAddress(port)))) {
    if (hasEnded(app)) return false;
    await sleep(100);
  }
  return !hasEnded(app);
}

/** Asks the app to end, and makes it after five seconds. Resolves when it has ended. @param {ChildProcess} app */
export async function endApp(app) {
  if (hasEnded(app)) return;
  const end = once(app, 'exit');
  app.kill('SIGTERM');
  const timer = setTimeout(() => app.kill('SIGKILL'), END_WITHIN_MS);
  await end;
  clearTimeout(timer);
}

/** @param {number} port */
export function localAddress(port) {
  return `http://127.0.0.1:${port}`;
}

/** @param {ChildProcess} app */
function hasEnded(app) {
  return app.exitCode !== null || app.signalCode !== null;
}
