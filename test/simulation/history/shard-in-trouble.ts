import { Chance } from '../world/chance.js';
import { failOver } from './kinds/redis.js';
import { FAULTS_END_MS } from './moments.js';
import type { PlannedEvent } from './plan.js';
import { seconds } from './seconds.js';

/** Not before every coupon is loaded. */
const FIRST_MS = 4000;

/** One master of a cluster is away again and again, in this way or that; nothing else is wrong. */
export function drawShardInTrouble(seed: number, which: number): PlannedEvent[] {
  const chance = new Chance(seed, 'shard in trouble');
  return Array.from({ length: chance.between(2, 4) }, (_, index) => {
    const own = new Chance(seed, `shard in trouble ${index + 1}`);
    const [at, ms] = [own.between(FIRST_MS, FAULTS_END_MS), own.between(1000, 6000)];
    const lagMs = own.pick([0, own.between(1, 3000)]);
    const { happen, ...event } = own.pick<() => Omit<PlannedEvent, 'at'>>([
      () => ({
        what: `one master of the cluster is frozen for ${seconds(ms)}`,
        happen: (history) => history.redisFaultsOf(which).freeze(ms),
      }),
      () => ({
        what: `one master of the cluster is away for ${seconds(ms)}`,
        happen: (history) => history.redisFaultsOf(which).restart(ms),
      }),
      () => failOver({ lagMs, isHeldOpen: false, ms }, which),
    ])();
    return {
      ...event,
      at,
      happen: (history) => {
        history.observer.shardDisturbed();
        happen(history);
      },
    };
  });
}
