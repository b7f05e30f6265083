/** One round of one case. */
import { cpuSeconds } from './cpu.mjs';

/** @import { Case, Place, Round } from './cases.mjs' */
/** @import { Say } from '../services/messages.mjs' */
/** @import { Generator, Outcome } from './generator.mjs' */
/** @typedef {{ generator: Generator, connections: number, pids: Record<string, number | null>, say: Say }} How */
/** @typedef {NonNullable<Awaited<ReturnType<typeof measureOnce>>>} Measured  with latencies in ms */

/**
 * Repeats a round that the machine was too fast for. Throws when an answer was not as the case expects.
 * @type {(benchCase: Case, place: Place, how: How) => Promise<Measured>}
 */
export async function measure(benchCase, place, how) {
  for (;;) {
    const measured = await measureOnce(benchCase, place, how);
    if (measured) return measured;
  }
}

/** Null when the requests ran out before the time. @param {Case} benchCase @param {Place} place @param {How} how */
async function measureOnce(benchCase, place, { generator, connections, pids, say }) {
  const round = await benchCase.prepare(place);
  try {
    const at = round.at ?? { url: place.app.url, pid: pids.app ?? null };
    const before = Object.entries({ ...pids, app: at.pid }).map(([name, pid]) => ({ name, pid, used: used(pid) }));
    const outcome = await generator.run(at.url, round.load, place.seconds, connections);
    const { supply } = round;
    // One that is under way at the end has no answer that counts.
    if (supply && outcome.requests + connections > supply.requests) {
      say(`${benchCase.name}: ${supply.requests} requests were too few for this machine; again with more`);
      supply.grow();
      return null;
    }
    const endedAt = performance.now();
    await round.finish?.(outcome);
    const settled = (performance.now() - endedAt) / 1000;
    const { requests, seconds, p50, p95, p99 } = outcome;
    refuseUnexpected(benchCase.name, round.expected, outcome);
    // In µs for each request, null where that is not known.
    const cpu = Object.fromEntries(
      before.map(({ name, pid, used: then }) => {
        const now = used(pid);
        return [name, now === null || then === null ? null : ((now - then) * 1e6) / requests];
      }),
    );
    // Until everything that was accepted is done, so that nothing is left for later at nobody's expense.
    return { perSecond: requests / (seconds + settled), requests, seconds, settled, p50, p95, p99, cpu };
  } finally {
    await round.undo?.();
  }
}

/** @param {number | null} pid */
function used(pid) {
  return pid === null ? null : cpuSeconds(pid);
}

/** @type {(name: string, expected: Round['expected'], outcome: Outcome) => void} */
function refuseUnexpected(name, expected, { requests, refused, broken }) {
  const unexpected = (expected === 'refused' ? requests - refused : refused) + broken;
  if (unexpected > 0) throw new Error(`${name}: ${unexpected} of ${requests} requests were not answered as expected`);
}
