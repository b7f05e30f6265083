import { DatabaseContents } from '../../redis/database.js';
import type { KeyspaceContents } from '../../redis/keyspace.js';
import type { History } from '../history.js';
import { planLeak, planLossBehind, planLossInRebuild, planLossInReconcile, planLossOfMaster } from '../loss-behind.js';
import { FAULTS_END_MS } from '../moments.js';
import { NO_REPLICAS } from '../redis-faults.js';
import { seconds } from '../seconds.js';
import type { FaultSource } from './fault-source.js';

const NOTHING = new DatabaseContents(new Map());

/** A server is drawn among so many, and counted around: there are one, two or three. */
const SITES = 6;

const REFUSALS = [
  "OOM command not allowed when used memory > 'maxmemory'.",
  NO_REPLICAS,
  'MISCONF Errors writing to the AOF file: No space left on device',
] as const;

interface FailOver {
  /** How far the replica is behind. */
  readonly lagMs: number;
  /** The old master goes on, as a replica, with its clients. */
  readonly isHeldOpen: boolean;
  /** How long nobody answers. */
  readonly ms: number;
}

/** The replica of one of the servers is promoted. */
export function failOver({ lagMs, isHeldOpen, ms }: FailOver, which: number) {
  const old = isHeldOpen && ms === 0 ? 'keeps its clients, as a replica' : 'is gone';
  return {
    prepare: { leadMs: lagMs, happen: (history: History) => history.redisFaultsOf(which).stopReplica() },
    what:
      `a replica of Redis that is ${seconds(lagMs)} behind is promoted${ms > 0 ? ` after ${seconds(ms)}` : ''}; ` +
      `the old master ${old}`,
    happen: (history: History) => history.redisFaultsOf(which).failOver({ isHeldOpen, ms }),
  };
}

/** What happens to Redis, and to what it holds. */
export const REDIS_FAULTS: readonly FaultSource[] = [
  {
    name: 'Redis away',
    counts: [1, 2],
    draw: (chance) => {
      const [ms, which] = [chance.between(50, 3000), chance.below(SITES)];
      return {
        what: `Redis is restarted and keeps everything; it is away for ${seconds(ms)}`,
        happen: (history) => history.redisFaultsOf(which).restart(ms),
      };
    },
  },
  {
    name: 'Redis frozen',
    counts: [1, 2],
    draw: (chance) => {
      const [ms, which] = [chance.between(100, 6000), chance.below(SITES)];
      return {
        what: `Redis is frozen for ${seconds(ms)}`,
        happen: (history) => history.redisFaultsOf(which).freeze(ms),
      };
    },
  },
  {
    name: 'Redis back in time',
    counts: [1, 2],
    draw: (chance) => {
      const [lagMs, ms] = [chance.between(1, 4000), chance.between(0, 2000)];
      const [isSameProcess, which] = [chance.is(0.5), chance.below(SITES)];
      let contents: KeyspaceContents;
      return {
        prepare: { leadMs: lagMs, happen: (history) => (contents = history.redisFaultsOf(which).remember()) },
        what: isSameProcess
          ? `Redis follows a server that is ${seconds(lagMs)} behind, and is a master again`
          : `Redis is restarted and has lost its last ${seconds(lagMs)}; it is away for ${seconds(ms)}`,
        happen: (history) => {
          const faults = history.redisFaultsOf(which);
          if (isSameProcess) faults.turnBack(contents);
          else faults.restart(ms, contents);
        },
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
      return failOver({ lagMs, isHeldOpen, ms: chance.pick([0, 0, chance.between(500, 4000)]) }, chance.below(SITES));
    },
  },
  {
    name: 'pending lost with its instance',
    counts: [1, 2],
    draw: (chance) => {
      const nth = chance.between(1, 15);
      return {
        at: 0,
        what: `after reserveCoupon number ${nth} Redis loses who is pending for coupon 1, and the instance is killed`,
        happen: (history) => planLeak(history, nth),
      };
    },
  },
  {
    name: 'loss in a reconcile',
    counts: [1, 2],
    draw: (chance) => {
      const nth = chance.between(1, 10);
      return {
        at: 0,
        what: `before beginReconcile number ${nth} Redis is emptied, and forgets what the reconcile has counted before it ends`,
        happen: (history) => planLossInReconcile(history, nth),
      };
    },
  },
  {
    name: 'two masters of Redis',
    counts: [1, 2],
    draw: (chance) => {
      const [lagMs, ms] = [chance.pick([0, chance.between(1, 2000)]), chance.between(200, 8000)];
      const [hasMinReplicas, instance, which] = [chance.is(0.5), chance.below(8), chance.below(SITES)];
      return {
        prepare: { leadMs: lagMs, happen: (history) => history.redisFaultsOf(which).stopReplica() },
        what:
          `a replica of Redis that is ${seconds(lagMs)} behind is promoted; the old master goes on` +
          `${hasMinReplicas ? ' until it misses its replica' : ''}, and an instance hears of it ${seconds(ms)} later`,
        happen: (history) =>
          history.redisFaultsOf(which).split(history.instances.which(instance), { ms, hasMinReplicas }),
      };
    },
  },
  {
    name: 'replica of Redis frozen',
    counts: [1, 2],
    onlyWith: 'WAIT',
    draw: (chance) => {
      const [ms, which] = [chance.between(100, 5000), chance.below(SITES)];
      return {
        what: `the replica of Redis is frozen for ${seconds(ms)}`,
        happen: (history) => history.redisFaultsOf(which).freezeReplica(ms),
      };
    },
  },
  {
    name: 'loss of MySQL and the master',
    counts: [1, 2],
    onlyWith: 'WAIT',
    draw: (chance) => {
      const nth = chance.between(1, 15);
      return {
        at: 0,
        what: `before reserveCoupon number ${nth} the replica stops following; then the master is lost, and MySQL is slow`,
        happen: (history) => planLossOfMaster(history, nth),
      };
    },
  },
  {
    name: 'slot moved',
    counts: [1, 3],
    onlyWith: 'CLUSTER',
    draw: (chance) => {
      const [couponId, which] = [chance.between(1, 2), chance.below(SITES)];
      const ms = chance.pick([1, chance.between(5, 100), chance.between(100, 2000)]);
      return {
        what: `the slot of coupon ${couponId} is moved to another master, a key every ${seconds(ms)}`,
        happen: (history) => history.moveSlotOf(couponId, which, ms),
      };
    },
  },
  {
    name: 'Redis empty',
    counts: [1],
    draw: (chance) => {
      const [isFlush, isAtLast, which] = [chance.is(0.5), chance.is(0.5), chance.below(SITES)];
      return {
        // So that nobody asks for what was lost.
        ...(isAtLast ? { at: FAULTS_END_MS - 1 } : {}),
        what: isFlush ? 'someone empties Redis (FLUSHALL)' : 'Redis is restarted and has lost everything',
        happen: (history) => {
          const faults = history.redisFaultsOf(which);
          if (isFlush) faults.empty();
          else faults.restart(500, NOTHING);
        },
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
        happen: (history) => history.redisFaultsOfCoupon(1).loseKey(1, key),
      };
    },
  },
  {
    name: 'Redis another name',
    counts: [1],
    draw: (chance) => {
      const which = chance.below(SITES);
      return {
        what: 'Redis gets its first replica: its history has another name from now on',
        happen: (history) => history.redisFaultsOf(which).rename(),
      };
    },
  },
  {
    name: 'Redis refuses writes',
    counts: [1, 2],
    draw: (chance) => {
      const [refusal, ms, which] = [chance.pick(REFUSALS), chance.between(100, 9000), chance.below(SITES)];
      return {
        what: `Redis refuses writes for ${seconds(ms)}: ${refusal}`,
        happen: (history) => history.redisFaultsOf(which).refuseWrites(refusal, ms),
      };
    },
  },
];
