/** The server that {@link file://./bare-server.mjs} is, started once for a whole benchmark and ended with it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { localAddress, waitUntilLive } from '../services/app-process.mjs';
import { freePort } from '../services/free-port.mjs';
import { onCore } from './cores.mjs';

const PROGRAM = fileURLToPath(new URL('bare-server.mjs', import.meta.url));

/** @typedef {{ url: string, pid: number | null }} Server */

/** @type {Promise<Server> | undefined} */
let running;

/** @returns {Promise<Server>} */
export function bareServer() {
  running ??= start();
  return running;
}

async function start() {
  const port = await freePort();
  const { command, args } = onCore(0, process.execPath, [PROGRAM]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PORT: String(port) },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  if (!(await waitUntilLive(port, child))) throw new Error('The bare server ended before it served');
  return { url: localAddress(port), pid: child.pid ?? null };
}
