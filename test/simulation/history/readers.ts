import { Clock } from '../../../src/platform/clock.js';
import { BusinessCalendar } from '../../../src/ranking/business-calendar.js';
import { RankingService } from '../../../src/ranking/ranking.service.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import { Chance } from '../world/chance.js';
import type { History } from './history.js';
import { FAULTS_END_MS } from './moments.js';
import type { PlannedEvent } from './plan.js';

/** Where people look: so short that today's ranking can go without three of them. */
export const RECONCILE_INTERVAL_MS = 1000;
/** As many as there are products, and more. */
const LIMIT = 100;

/** People who look at the ranking of today: at any time, since what is missing is missing for some seconds. */
export function drawReaders(seed: number): PlannedEvent[] {
  const chance = new Chance(seed, 'readers');
  return Array.from({ length: 24 }, () => {
    const which = chance.below(8);
    return {
      at: chance.below(FAULTS_END_MS),
      what: 'someone looks at the ranking',
      happen: (history) => {
        history.withInstance(which, (instance) => {
          history.world.after(chance.next(), 'reader looks', () => void lookAt(history, instance), instance);
        });
      },
    };
  });
}

async function lookAt(history: History, instance: SimulatedInstance): Promise<void> {
  const ranking = await instance.get(RankingService).top({ date: undefined, limit: LIMIT });
  if (instance.isDead) return;
  const now = instance.get(Clock).now();
  const isToday = ranking.date === instance.get(BusinessCalendar).today();
  const ageMs = ranking.asOf === null || !isToday ? undefined : now.getTime() - ranking.asOf.getTime();
  const age = ageMs === undefined ? '' : `, as of ${(ageMs / 1000).toFixed(3)} s ago`;
  history.world.tell(`${instance.name} shows the ranking from ${ranking.source}${age}`);
  history.observer.ranking.shown(ranking.date, ranking.rankings, ageMs);
}
