import type { SimulatedInstance } from '../../instance/simulated-instance.js';
import { seconds } from '../seconds.js';
import type { FaultSource } from './fault-source.js';

/** What happens to the processes of instances. */
export const INSTANCE_FAULTS: readonly FaultSource[] = [
  {
    name: 'crash',
    counts: [1, 3],
    draw: (chance) => {
      const [which, restartMs, isHost] = [chance.below(8), chance.between(200, 3000), chance.is(0.2)];
      return {
        what: `an instance ${isHost ? 'vanishes with its host' : 'is killed'}, and another starts ${seconds(restartMs)} later`,
        happen: (history) =>
          history.withInstance(which, (instance) => history.instances.crash(instance, { restartMs, isHost })),
      };
    },
  },
  {
    name: 'stop',
    counts: [1, 2],
    draw: (chance) => {
      const which = chance.below(8);
      return {
        what: 'an instance is stopped in order, and another starts',
        happen: (history) => history.withInstance(which, (instance) => history.instances.stop(instance)),
      };
    },
  },
  {
    name: 'freeze',
    counts: [1, 3],
    draw: (chance) => {
      const [which, ms] = [chance.below(8), chance.between(300, 8000)];
      return {
        what: `an instance is frozen for ${seconds(ms)}`,
        happen: (history) => history.withInstance(which, (instance) => history.instances.freeze(instance, ms)),
      };
    },
  },
];

/** What happens between an instance and one of the two stores. */
export const LINK_FAULTS: readonly FaultSource[] = [
  linkFault('Redis', 'the connection of an instance to Redis breaks', {
    cutOff: (instance) => instance.cutOffRedis(),
    stall: (instance, ms) => instance.stallRedis(ms),
  }),
  linkFault('MySQL', 'the connections of an instance to MySQL break', {
    cutOff: (instance) => instance.cutOffLedger(),
    stall: (instance, ms) => instance.stallLedger(ms),
  }),
];

export const CLOCK_FAULTS: readonly FaultSource[] = [
  {
    name: 'clock',
    counts: [1, 2],
    draw: (chance) => {
      const [which, ms] = [chance.below(9), chance.pick([-1, 1]) * chance.between(100, 40_000)];
      return {
        what: `a clock jumps by ${seconds(ms)}`,
        happen: (history) => history.moveClock(which, ms),
      };
    },
  },
];

interface LinkEffects {
  readonly cutOff: (instance: SimulatedInstance) => void;
  readonly stall: (instance: SimulatedInstance, ms: number) => void;
}

function linkFault(store: string, breaks: string, { cutOff, stall }: LinkEffects): FaultSource {
  return {
    name: `link to ${store}`,
    counts: [1, 4],
    draw: (chance) => {
      const [which, isCut] = [chance.below(8), !chance.is(0.5)];
      if (isCut) return { what: breaks, happen: (history) => history.withInstance(which, cutOff) };
      const ms = chance.between(100, 12_000);
      return {
        what: `what an instance and ${store} say to each other is held up for ${seconds(ms)}`,
        happen: (history) => history.withInstance(which, (instance) => stall(instance, ms)),
      };
    },
  };
}
