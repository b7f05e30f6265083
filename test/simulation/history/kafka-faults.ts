import { Chance } from '../world/chance.js';
import type { Moments } from './moments.js';
import type { PlannedEvent } from './plan.js';

/** Brokers that are away for a while, and some that lose, delay and repeat what they are given. */
export function drawKafkaFaults(seed: number, moments: Moments): PlannedEvent[] {
  const chance = new Chance(seed, 'faults of Kafka');
  const habits = {
    lostPercent: chance.pick([0, 0, 20]),
    latePercent: chance.pick([0, 20]),
    doubledPercent: chance.pick([0, 30]),
  };
  const outages = Array.from({ length: chance.pick([0, 1, 2]) }, (): PlannedEvent => {
    const forMs = chance.between(500, 6000);
    return {
      at: moments.draw(chance),
      what: `Kafka is away for ${forMs} ms`,
      disturbs: 'EVERYTHING',
      happen: (history) => {
        history.broker.isAway = true;
        history.later(forMs, 'Kafka is back', () => (history.broker.isAway = false));
      },
    };
  });
  const begin: PlannedEvent = {
    at: 0,
    what: `Kafka loses ${habits.lostPercent} %, delays ${habits.latePercent} % and repeats ${habits.doubledPercent} %`,
    happen: (history) => void Object.assign(history.broker, habits),
  };
  return [begin, ...outages];
}
