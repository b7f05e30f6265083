/** The app as a child of the launcher: its port, its health, its end. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinary } from './binaries.mjs';
import { freePort } from './free-port.mjs';
import { errorCode } from './process.mjs';
import { projectDir } from './project.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Say } from './messages.mjs' */
/** @import { Services } from './provision.mjs' */

const END_WITHIN_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;
/** A start takes a second or two, on a busy machine more; of one that takes longer one wants to know why. */
const START_PATIENCE_MS = 10_000;
const PATIENCE_MS = 2_000;
const STARTS = 'the app still starts, or waits for MySQL';
/** As /health/ready names them. @type {Record<string, string>} */
const LABELS = { redis: 'Redis', database: 'MySQL' };

/** Why the app cannot listen there, in one line; null when it can. @param {{ host: string, port: number }} http */
export async function portProblem({ host, port }) {
  const code = await listenError(port, host);
  if (code === null) return null;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0; "${host}" is none`;
  const another = `PORT=${await freePort(port < 65_535 ? port + 1 : undefined)} npm start`;
  if (code !== 'EADDRINUSE') return `Port ${port} cannot be used (${code}). Give another one: ${another}`;
  const user = portUser(port);
  const address = localAddress(port, host);
  return (await isLive(address))
    ? `firstcome already runs on ${address}${user && ` (${user})`}. Stop it, or give this one another port: ${another}`
    : `Port ${port} is taken by ${user || 'another program'}. Stop that, or give another port: ${another}`;
}

/** @type {(port: number, host: string) => Promise<string | null>} */
function listenError(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorCode(error) ?? error.message));
    server.listen({ port, host }, () => server.close(() => resolve(null)));
  });
}

/** Name and process of who listens there, as "node, pid 1234"; empty where we may not see it. @param {number} port */
function portUser(port) {
  const lsof = findBinary('lsof');
  if (!lsof) return '';
  const { stdout } = spawnSync(lsof, ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { encoding: 'utf8' });
  const [, pid, name] = /^p(\d+)\nc(.*)$/m.exec(stdout ?? '') ?? [];
  return pid ? `${name}, pid ${pid}` : '';
}

/**
 * @param {{ port: number, managementPort?: number | undefined, profile: string, services: Services,
 *   output: 'inherit' | number }} how
 */
export function spawnApp({ port, managementPort, profile, services, output }) {
  return spawn(process.execPath, [join(projectDir, 'dist', 'main.js')], {
    cwd: projectDir,
    stdio: ['inherit', output, output],
    // A process group of its own: Ctrl-C reaches the launcher alone, which then ends the app once and in order.
    detached: true,
    env: {
      ...process.env,
      NODE_ENV: profile,
      PORT: String(port),
      ...(managementPort !== undefined && { MANAGEMENT_PORT: String(managementPort) }),
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

/**
 * True when the app can do all that it is for, false when it ended first. Where that takes longer, says what it waits for.
 * @type {(address: string, app: ChildProcess, say: Say) => Promise<boolean>}
 */
export async function waitUntilReady(address, app, say) {
  const startedAt = Date.now();
  let said = '';
  for (;;) {
    const missing = await missingFor(address);
    if (hasEnded(app)) return false;
    if (missing === '') return true;
    const isLate = Date.now() - startedAt > (missing === STARTS ? START_PATIENCE_MS : PATIENCE_MS);
    if (isLate && missing !== said) {
      said = missing;
      say(`Not ready yet: ${missing}`);
    }
    await sleep(100);
  }
}

/** What the app waits for; empty when it is ready. @param {string} address */
async function missingFor(address) {
  try {
    const response = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const { status, error } = /** @type {{ status: string, error: Record<string, { reason: string }> }} */ (
      await response.json()
    );
    if (status === 'ok') return '';
    const problems = Object.entries(error).map(([name, { reason }]) => `${LABELS[name]} cannot be used (${reason})`);
    return problems.join(', ') || status;
  } catch {
    return STARTS;
  }
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

/** Where an app that listens there is reached from this machine. @param {number} port @param {string} [host] */
export function localAddress(port, host = '0.0.0.0') {
  const name = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** @param {ChildProcess} app */
function hasEnded(app) {
  return app.exitCode !== null || app.signalCode !== null;
}
