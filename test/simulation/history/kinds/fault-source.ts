import type { Chance } from '../../world/chance.js';
import type { PlannedEvent } from '../plan.js';

/** A kind of fault: how one of it is drawn. */
export interface FaultSource {
  readonly name: string;
  /** How many there are in a history that has this kind: one of these. */
  readonly counts: readonly number[];
  /** It strikes at an operation and has no time. So it finds more than others, and comes more often. */
  readonly isAtOperation?: boolean;
  /** In histories of this kind alone: with a Redis Cluster, where callers wait for a replica, or with Galera. */
  readonly onlyWith?: 'CLUSTER' | 'WAIT' | 'GALERA';
  /** Without a time, that is drawn as for everything. */
  readonly draw: (chance: Chance) => Omit<PlannedEvent, 'at'> & Partial<Pick<PlannedEvent, 'at'>>;
}
