import { DatabaseContents } from '../../redis/database.js';
import type { KeyspaceContents } from '../../redis/keyspace.js';
import { planLossBehind, planLossInRebuild } from '../loss-behind.js';
import { FAULTS_END_MS } from '../moments.js';
import { seconds } from '../seconds.js';
import type { FaultSource } from './fault-source.js';

const NOTHING = new DatabaseContents(new Map());

const REFUSALS = [
  "OOM command not allowed when used memory > 'maxmemory'.",
  'NOREPLICAS Not enough good replicas to write.',
  'MISCONF Errors writing to the AOF file: No space left on device',
] as const;

/** What happens to Redis, and to what it holds. */
export const REDIS_FAULTS: readonly FaultSource[] = [
  {
    name: 'Redis away',
    counts: [1, 2],
    draw: (chance) => {
      const ms = chance.between(50, 3000);
      return {
        what: `Redis is restarted and keeps everything; it is away for ${seconds(ms)}`,
        happen: (history) => history.redisFaults.restart(ms),
      };
    },
  },
  {
    name: 'Redis frozen',
    counts: [1, 2],
    draw: (chance) => {
      const ms = chance.between(100, 6000);
      return { what: `Redis is frozen for ${seconds(ms)}`, happen: (history) => history.redisFaults.freeze(ms) };
    },
  },
  {
    name: 'Redis back in time',
    counts: [1, 2],
    draw: (chance) => {
      const [lagMs, ms] = [chance.between(1, 4000), chance.between(0, 2000)];
      const isSameProcess = chance.is(0.5);
      let contents: KeyspaceContents;
      return {
        prepare: { leadMs: lagMs, happen: (history) => (contents = history.redisFaults.remember()) },
        what: isSameProcess
          ? `Redis follows a server that is ${seconds(lagMs)} behind, and is a master again`
          : `Redis is restarted and has lost its last ${seconds(lagMs)}; it is away for ${seconds(ms)}`,
        happen: (history) =>
          isSameProcess ? history.redisFaults.turnBack(contents) : history.redisFaults.restart(ms, contents),
      };
    },
  },
  {
    name: 'loss behind an instance',
    counts: [1, 2],
    draw: (chance) => {
      const nth = chance.between(1, 15);
      return {
        at: 0,
        what: `after reserveCoupon number ${nth} Redis forgets it, while its instance cannot write the row yet`,
        happen: (history) => planLossBehind(history, nth),
      };
    },
  },
  {
    name: 'loss in a rebuild',
    counts: [1, 2],
    draw: (chance) => {
      const nth = chance.between(1, 12);
      return {
        at: 0,
        what: `after addRebuiltUsers number ${nth} Redis forgets it, before the rebuild opens the coupon`,
        happen: (history) => planLossInRebuild(history, nth),
      };
    },
  },
  {
    name: 'Redis fail-over',
    counts: [1, 2],
    draw: (chance) => {
      const lagMs = chance.pick([0, chance.between(1, 3000)]);
      const isHeldOpen = chance.is(0.5);
      let contents: KeyspaceContents;
      return {
        prepare: { leadMs: lagMs, happen: (history) => (contents = history.redisFaults.remember()) },
        what:
          `a replica of Redis that is ${seconds(lagMs)} behind is promoted; the old master ` +
          (isHeldOpen ? 'keeps its clients, as a replica' : 'is gone'),
        happen: (history) => history.redisFaults.failOver(contents, { isHeldOpen }),
      };
    },
  },
  {
    name: 'Redis empty',
    counts: [1],
    draw: (chance) => {
      const isFlush = chance.is(0.5);
      return {
        // At last, so that nobody asks for what was lost.
        ...(chance.is(0.5) ? { at: FAULTS_END_MS - 1 } : {}),
        what: isFlush ? 'someone empties Redis (FLUSHALL)' : 'Redis is restarted and has lost everything',
        happen: (history) => (isFlush ? history.redisFaults.empty() : history.redisFaults.restart(500, NOTHING)),
      };
    },
  },
  {
    name: 'Redis loses a key',
    counts: [2, 4],
    draw: (chance) => {
      const key = chance.pick([
        'state',
        'reserved',
        'reserved',
        'users',
        'sequence',
        'pending',
        'pending',
        'pending',
      ] as const);
      return {
        what: `the key "${key}" of coupon 1 is lost`,
        happen: (history) => history.redisFaults.loseKey(1, key),
      };
    },
  },
  {
    name: 'Redis another name',
    counts: [1],
    draw: () => ({
      what: 'Redis gets its first replica: its history has another name from now on',
      happen: (history) => history.redisFaults.rename(),
    }),
  },
  {
    name: 'Redis refuses writes',
    counts: [1, 2],
    draw: (chance) => {
      const [refusal, ms] = [chance.pick(REFUSALS), chance.between(100, 9000)];
      return {
        what: `Redis refuses writes for ${seconds(ms)}: ${refusal}`,
        happen: (history) => history.redisFaults.refuseWrites(refusal, ms),
      };
    },
  },
];
