/** One round of one case. */
import { cpuSeconds } from './cpu.mjs';

/** @typedef {import('./cases.mjs').Place} Place */

/**
 * What a round showed. Latencies in ms. `perSecond` counts until everything that was accepted is done, so that nothing
 * is left for later at nobody's expense. `cpu`: µs for each request, null where that is not known.
 * @typedef {object} Measured
 * @property {number} perSecond
 * @property {number} requests
 * @property {number} seconds      of the load
 * @property {number} settled      seconds after the load until all was done
 * @property {number} p50
 * @property {number} p95
 * @property {number} p99
 * @property {Record<string, number | null>} cpu
 */

/**
 * @param {import('./cases.mjs').Case} benchCase
 * @param {Place} place
 * @param {{ generator: import('./generator.mjs').Generator, connections: number, pids: Record<string, number | null> }} how
 * @returns {Promise<Measured>}
 * @throws when a single answer was not what the case expects
 */
export async function measure(benchCase, place, { generator, connections, pids }) {
  const round = await benchCase.prepare(place);
  try {
    const at = round.at ?? { url: place.app.url, pid: pids.app ?? null };
    const before = Object.entries({ ...pids, app: at.pid }).map(([name, pid]) => ({ name, pid, used: used(pid) }));
    const outcome = await generator.run(at.url, round.load, place.seconds, connections);
    const endedAt = performance.now();
    await round.finish?.(outcome);
    const settled = (performance.now() - endedAt) / 1000;
    const { requests, seconds, p50, p95, p99 } = outcome;
    refuseUnexpected(benchCase.name, round.expected, outcome);
    const cpu = Object.fromEntries(
      before.map(({ name, pid, used: then }) => {
        const now = used(pid);
        return [name, now === null || then === null ? null : ((now - then) * 1e6) / requests];
      }),
    );
    return { perSecond: requests / (seconds + settled), requests, seconds, settled, p50, p95, p99, cpu };
  } finally {
    await round.undo?.();
  }
}

/** @param {number | null} pid */
function used(pid) {
  return pid === null ? null : cpuSeconds(pid);
}

/**
 * @param {string} name
 * @param {'accepted' | 'refused'} expected
 * @param {import('./generator.mjs').Outcome} outcome
 */
function refuseUnexpected(name, expected, { requests, refused, broken }) {
  const unexpected = (expected === 'refused' ? requests - refused : refused) + broken;
  if (unexpected > 0) throw new Error(`${name}: ${unexpected} of ${requests} requests were not answered as expected`);
}
