/** Finding a TCP port on 127.0.0.1. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/*
 * Below the range from which Linux and macOS take the ports of outgoing connections: a client
 * that keeps redialling a dead server's port inside that range can end up connected to itself
 * and occupy it, and then the server can not come back on the same port.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/* Never one of them again: its server may be down at this moment, and is to come back there. */
const handedOut = new Set();

/**
 * Whether a server could listen there now.
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<boolean>}
 */
export function isPortFree(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/**
 * A port that nobody uses at this moment. Of Jest's two workers one takes the odd ports and the other one the even: the
 * other process may have looked at the same port and not listen there yet.
 */
export async function freePort() {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = ofThisWorker(randomInt(LOWEST, HIGHEST));
    if (handedOut.has(port) || !(await isPortFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free TCP port found between ${LOWEST} and ${HIGHEST}`);
}

/** @param {number} port */
function ofThisWorker(port) {
  const worker = process.env['JEST_WORKER_ID'];
  return worker === undefined ? port : port - (port % 2) + (Number(worker) % 2);
}
