import { Chance } from '../world/chance.js';
import type { FaultSource } from './kinds/fault-source.js';
import { CLOCK_FAULTS, INSTANCE_FAULTS, LINK_FAULTS } from './kinds/instances.js';
import { LEDGER_FAULTS } from './kinds/ledger.js';
import { REDIS_FAULTS } from './kinds/redis.js';
import { STRIKES } from './kinds/strikes.js';
import type { Moments } from './moments.js';
import type { PlannedEvent } from './plan.js';

const SOURCES: readonly FaultSource[] = [
  ...INSTANCE_FAULTS,
  STRIKES,
  ...LINK_FAULTS,
  ...REDIS_FAULTS,
  ...LEDGER_FAULTS,
  ...CLOCK_FAULTS,
];

/** And so are faults that few histories can have. */
const STRIKES_ARE_LIKELIER = 3;

/** How the stores are run and used. */
export type StoreKind = NonNullable<FaultSource['onlyWith']>;

/** Few kinds at once find more than all of them all the time, and some histories have none. */
export function drawFaults(seed: number, moments: Moments, kinds: ReadonlySet<StoreKind>): PlannedEvent[] {
  const probability = new Chance(seed, 'how many kinds of faults').pick([0.04, 0.12, 0.3]);
  return SOURCES.flatMap(({ name, counts, isAtOperation = false, onlyWith, draw }) => {
    if (onlyWith !== undefined && !kinds.has(onlyWith)) return [];
    const chance = new Chance(seed, name);
    const isLikely = isAtOperation || onlyWith !== undefined;
    const isThere = chance.is(isLikely ? STRIKES_ARE_LIKELIER * probability : probability);
    return Array.from({ length: isThere ? chance.pick(counts) : 0 }, (_, index) => {
      const own = new Chance(seed, `${name} ${index + 1}`);
      const at = isAtOperation ? 0 : moments.draw(own);
      return { at, disturbs: 'EVERYTHING' as const, ...draw(own) };
    });
  });
}
