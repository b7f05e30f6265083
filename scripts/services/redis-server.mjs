/** A private Redis: the real binary, append-only file on, bound to 127.0.0.1. */
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { findBinary } from './binaries.mjs';
import { serverFiles, startServer } from './server-process.mjs';

export function findRedis() {
  return findBinary('redis-server');
}

/** @param {number} port */
function redisUrl(port) {
  return `redis://127.0.0.1:${port}`;
}

/**
 * Starts Redis on a directory of its own and loads what that holds. Resolves when PING is answered. The same dir and
 * port bring a server back after its end.
 * @param {{ dir: string, port?: number, extraArgs?: string[] }} options
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
 * @type {(port: number, pid?: number) => Promise<boolean>}
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
