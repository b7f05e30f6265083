/** A private Redis: the real binary, append-only file on, bound to 127.0.0.1. */
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { findBinary } from './binaries.mjs';
import { serverFiles, startServer } from './server-process.mjs';

/** @typedef {import('./server-process.mjs').RunningServer} RunningServer */

/** @returns {string | null} the redis-server program, null where there is none */
export function findRedis() {
  return findBinary('redis-server');
}

/**
 * The address of a private Redis.
 * @param {number} port
 */
function redisUrl(port) {
  return `redis://127.0.0.1:${port}`;
}

/**
 * Starts Redis on a directory of its own; what the directory holds is loaded. Resolves when PING is answered.
 * Pass the same dir and port again after `kill('SIGKILL')` to bring the same server back.
 * @param {{ dir: string, port?: number, extraArgs?: string[] }} options
 * @returns {Promise<RunningServer>}
 */
export async function startRedis({ dir, port, extraArgs = [] }) {
  const binary = findRedis();
  if (!binary) throw new Error('redis-server is not installed; run `npm run services -- up` once, it says how');
  const home = resolve(dir);
  const files = serverFiles(home);
  return startServer({
    name: 'Redis',
    dir: home,
    port,
    url: redisUrl,
    answers: redisAnswers,
    command: (chosen) => ({
      binary,
      args: [
        ['--port', String(chosen)],
        ['--bind', '127.0.0.1'],
        ['--dir', files.data],
        ['--pidfile', files.pid],
        ['--appendonly', 'yes'],
        ['--appendfsync', 'everysec'],
        ['--save', ''],
        ['--maxmemory-policy', 'noeviction'],
        extraArgs,
      ].flat(),
    }),
  });
}

/**
 * Whether a Redis on this port serves commands (it has loaded its data) and, when a pid is given, is that process.
 * @param {number} port
 * @param {number} [pid]
 * @returns {Promise<boolean>}
 */
export function redisAnswers(port, pid) {
  return new Promise((settle) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    /** @param {boolean} result */
    const finish = (result) => {
      socket.destroy();
      settle(result);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => settle(false));
    socket.once('connect', () => socket.write('PING\r\nINFO server\r\n'));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      const processId = /process_id:(\d+)\r\n/.exec(answer)?.[1];
      if (!answer.startsWith('+PONG'.slice(0, answer.length))) finish(false);
      else if (processId) finish(pid === undefined || Number(processId) === pid);
    });
  });
}
