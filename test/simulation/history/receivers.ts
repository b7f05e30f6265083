import { Chance } from '../world/chance.js';
import type { Mood } from '../sinks/receiver.js';
import type { Moments } from './moments.js';
import type { PlannedEvent } from './plan.js';

const WORDS: Readonly<Record<Mood, string>> = {
  TAKES: 'takes what it is told again',
  REFUSES: 'refuses what it is told',
  HANGS: 'answers nobody',
};

/** Other systems that are down for a while. */
export function drawReceiverFaults(seed: number, moments: Moments, receivers: number): PlannedEvent[] {
  const chance = new Chance(seed, 'faults of receivers');
  return Array.from({ length: receivers === 0 ? 0 : chance.pick([0, 1, 3]) }, () => {
    const which = chance.below(receivers);
    const mood = chance.pick(['REFUSES', 'HANGS'] as const);
    const forMs = chance.between(500, 6000);
    return {
      at: moments.draw(chance),
      what: `receiver ${which + 1} ${WORDS[mood]} for ${forMs} ms`,
      happen: (history) => {
        const receiver = history.receivers[which];
        if (receiver === undefined) return;
        receiver.mood = mood;
        history.later(forMs, 'receiver is well', () => {
          history.world.tell(`receiver ${which + 1} ${WORDS.TAKES}`);
          receiver.mood = 'TAKES';
        });
      },
    };
  });
}
