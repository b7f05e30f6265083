import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { FaultPoints } from '../platform/fault-points.js';
import { Intervals } from '../platform/scheduling/intervals.js';
import { RankingStore } from './ranking.store.js';

declare module '../platform/fault-points.js' {
  interface FaultPointNames {
    turn: `turn-${SharedJob['name']}`;
  }
}

/** Of the interval: the turn of an instance, also of one that died, is over when the next one is due at the earliest. */
const TURN_SHARE = 0.8;

/** A job that all instances know and one of them does. */
export interface SharedJob {
  readonly name: 'reconcile' | 'backup';
  readonly intervalMs: number;
}

/**
 * Lets one instance at a time do a job. The turn lives in Redis and ends by itself, so nobody waits for an instance
 * that died with it; one that fails gives it back at once, since another may be better off. It only saves work: two
 * instances that do the job at once harm nobody.
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

  /**
   * Does the work if it is this instance's turn; true when it was, and `work` says that all went well.
   *
   * @throws RedisUnavailableError, and what `work` throws
   */
  async take({ name, intervalMs }: SharedJob, work: () => Promise<boolean>): Promise<boolean> {
    const token = randomUUID();
    try {
      if (!(await this.store.takeTurn(name, token, Math.ceil(intervalMs * TURN_SHARE)))) return false;
      this.faults.reach(`turn-${name}`);
      const isWell = await work();
      if (!isWell) await this.giveBack(name, token);
      return isWell;
    } catch (error) {
      // Also where nobody knows whether it was taken: the answer may have been lost.
      await this.giveBack(name, token);
      throw error;
    }
  }

  /** Never throws: where Redis does not answer, the turn ends by itself. */
  private async giveBack(name: SharedJob['name'], token: string): Promise<void> {
    await this.store.giveBackTurn(name, token).catch(() => undefined);
  }
}
