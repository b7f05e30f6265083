import { Injectable } from '@nestjs/common';
import { FaultPoints } from '../platform/fault-points.js';
import { Intervals } from '../platform/scheduling/intervals.js';
import { RankingStore } from './ranking.store.js';

declare module '../platform/fault-points.js' {
  interface FaultPointNames {
    turn: `turn-${SharedJob['name']}`;
  }
}

/** Of the interval: the turn of an instance, also of one that died, must be over when the next one is due. */
const TURN_SHARE = 0.9;

/** A job that all instances know and one of them does. */
export interface SharedJob {
  readonly name: 'reconcile' | 'backup';
  readonly intervalMs: number;
}

/**
 * Lets one instance at a time do a job. The turn lives in Redis and ends by itself, so nobody waits for an instance
 * that died with it; it only saves work: two instances that do the job at once harm nobody.
 */
@Injectable()
export class RankingTurns {
  constructor(
    private readonly store: RankingStore,
    private readonly intervals: Intervals,
    private readonly faults: FaultPoints,
  ) {}

  /** Calls `run`, which must not throw, at every interval until the application ends. */
  schedule({ name, intervalMs }: SharedJob, run: () => Promise<unknown>): void {
    this.intervals.every(`ranking-${name}`, intervalMs, run);
  }

  /** Does the work if it is this instance's turn; true then. @throws RedisUnavailableError, and what `work` throws */
  async take({ name, intervalMs }: SharedJob, work: () => Promise<void>): Promise<boolean> {
    if (!(await this.store.takeTurn(name, Math.ceil(intervalMs * TURN_SHARE)))) return false;
    this.faults.reach(`turn-${name}`);
    await work();
    return true;
  }
}
