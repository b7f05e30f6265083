import { seconds } from '../seconds.js';
import type { FaultSource } from './fault-source.js';

/** What happens to MySQL. */
export const LEDGER_FAULTS: readonly FaultSource[] = [
  {
    name: 'MySQL away',
    counts: [1, 2],
    draw: (chance) => {
      const ms = chance.between(50, 6000);
      return {
        what: `MySQL is restarted; it is away for ${seconds(ms)}`,
        happen: (history) => history.ledgerFaults.restart(ms),
      };
    },
  },
  {
    name: 'MySQL frozen',
    counts: [1],
    draw: (chance) => {
      const ms = chance.between(100, 14_000);
      return { what: `MySQL stands still for ${seconds(ms)}`, happen: (history) => history.ledgerFaults.freeze(ms) };
    },
  },
  {
    name: 'Galera node behind',
    counts: [2, 4],
    onlyWith: 'GALERA',
    draw: (chance) => {
      const [which, ms] = [chance.below(6), chance.between(100, 8000)];
      return {
        what: `the Galera node of an instance applies nothing for ${seconds(ms)}`,
        happen: (history) => history.ledgerFaults.lag(which, ms),
      };
    },
  },
];
