/** Finding a TCP port on 127.0.0.1. */
import { randomInt } from 'node:crypto';
import getPort from 'get-port';

/*
 * Below the range from which Linux and macOS take the ports of outgoing connections: a client
 * that keeps redialling a dead server's port inside that range can end up connected to itself
 * and occupy it, and then the server cannot come back on the same port.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/**
 * A port that nobody uses at this moment, the wanted one if possible. Never the same one again: its server may be down
 * just then, and is to come back there.
 * @param {number} [wanted]
 */
export function freePort(wanted) {
  return getPort({ port: candidates(wanted), host: '127.0.0.1', reserve: true });
}

/** @param {number} [wanted] */
function* candidates(wanted) {
  if (wanted !== undefined) yield wanted;
  for (let attempt = 0; attempt < 100; attempt++) yield ofThisWorker(randomInt(LOWEST, HIGHEST));
  // After the last candidate get-port would take any port of the system.
  throw new Error(`no free TCP port found between ${LOWEST} and ${HIGHEST}`);
}

/** @param {number} port */
function ofThisWorker(port) {
  // Of Jest's two workers one takes the odd ports and the other one the even: the other process may have looked at the
  // same port and not listen there yet.
  const worker = process.env['JEST_WORKER_ID'];
  return worker === undefined ? port : port - (port % 2) + (Number(worker) % 2);
}
