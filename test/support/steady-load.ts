import { setTimeout as delay } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import { type Answer, tally } from './api-client.js';
import { eventually } from './poll.js';
import { newUserId } from './unique-ids.js';

/** Between an answer and the next call of the same caller, so that the machine has time for the servers too. */
const PAUSE_MS = 5;

interface LoadOptions {
  /** How many users ask at the same time. */
  readonly atOnce?: number;
  /** Where the users come from; new ones unless told otherwise. */
  readonly nextUserId?: () => number;
}

const loads: Array<SteadyLoad<unknown>> = [];

// A test that fails has not stopped its load.
afterEach(async () => {
  await Promise.all(loads.splice(0).map((load) => load.stop()));
});

/** New users who ask one after the other, some at once, from the construction until {@link stop}. */
export class SteadyLoad<T> {
  /** In the order in which they came. */
  readonly answers: Array<Answer<T>> = [];
  /** How many have asked so far, answered or not. */
  asked = 0;
  private isStopped = false;
  private readonly workers: Array<Promise<void>>;

  constructor(
    private readonly ask: (userId: number) => Promise<Answer<T>>,
    { atOnce = 8, nextUserId = newUserId }: LoadOptions = {},
  ) {
    this.workers = Array.from({ length: atOnce }, () => this.work(nextUserId));
    loads.push(this);
  }

  /** Resolves when `count` more have been answered with this outcome, e.g. `'200'` or `'409 COUPON_SOLD_OUT'`. */
  async sees(outcome: string, count = 1): Promise<void> {
    const enough = (tally(this.answers)[outcome] ?? 0) + count;
    await eventually(
      () => {
        const seen = tally(this.answers);
        if ((seen[outcome] ?? 0) < enough)
          throw new Error(`not ${count} more times ${outcome}: ${JSON.stringify(seen)}`);
      },
      { intervalMs: 10 },
    );
  }

  /** Nobody asks any more; resolves with all answers when the last one is there. */
  async stop(): Promise<Array<Answer<T>>> {
    this.isStopped = true;
    await Promise.all(this.workers);
    return this.answers;
  }

  private async work(nextUserId: () => number): Promise<void> {
    while (!this.isStopped) {
      this.asked += 1;
      this.answers.push(await this.ask(nextUserId()));
      await delay(PAUSE_MS);
    }
  }
}
