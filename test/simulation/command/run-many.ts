import type { Outcome } from '../history/history.js';
import { runHistory, type RunOptions } from '../history/run-history.js';
import { realMs } from '../world/real.js';
import { print } from './print.js';

const PROGRESS_MS = 10_000;

interface ManyOptions extends RunOptions {
  readonly keepsGoing: boolean;
  readonly isTwice: boolean;
}

/** A history that broke a promise. */
export interface Failed {
  readonly seed: number;
  readonly outcome: Outcome;
}

/**
 * Runs the histories of this seed and of those that follow, until so many steps were taken, and says what they came to.
 * The first one that broke a promise, or undefined.
 */
export async function runMany(firstSeed: number, wanted: number, options: ManyOptions): Promise<Failed | undefined> {
  const tally = new Tally(firstSeed);
  while (tally.steps < wanted) {
    const outcome = await runHistory(tally.nextSeed, options);
    if (options.isTwice) await assertSame(tally.nextSeed, outcome, options);
    tally.add(outcome);
    if (outcome.violation === undefined) continue;
    if (!options.keepsGoing) break;
    print(`seed ${tally.nextSeed - 1}: ${outcome.violation.message}`);
  }
  tally.tell();
  return tally.failed;
}

async function assertSame(seed: number, { fingerprint, story }: Outcome, options: ManyOptions): Promise<void> {
  const again = await runHistory(seed, options);
  if (again.fingerprint === fingerprint) return;
  const line = again.story.findIndex((sentence, index) => sentence !== story[index]);
  throw new Error(
    [
      `seed ${seed} is history ${fingerprint}, and ${again.fingerprint} the second time; they part here:`,
      ...story.slice(Math.max(0, line - 3), line + 1),
      `and the second time: ${again.story[line]}`,
    ].join('\n'),
  );
}

/** What many histories came to. */
class Tally {
  steps = 0;
  failed: Failed | undefined;
  private histories = 0;
  private broken = 0;
  private admitted = 0;
  private lost = 0;
  private fingerprint = 0;
  private readonly startedAt = realMs();
  private toldAt = realMs();

  constructor(private readonly firstSeed: number) {}

  get nextSeed(): number {
    return this.firstSeed + this.histories;
  }

  add(outcome: Outcome): void {
    if (outcome.violation !== undefined) {
      this.failed ??= { seed: this.nextSeed, outcome };
      this.broken += 1;
    }
    this.histories += 1;
    this.steps += outcome.steps;
    this.admitted += outcome.admitted;
    this.lost += outcome.lost;
    this.fingerprint = Math.imul(this.fingerprint, 31) ^ Number.parseInt(outcome.fingerprint, 16);
    if (realMs() - this.toldAt < PROGRESS_MS) return;
    this.toldAt = realMs();
    print(`${inWords(this.steps)} steps, ${inWords(this.histories)} histories`);
  }

  tell(): void {
    const perSecond = this.steps / ((realMs() - this.startedAt) / 1000);
    const hash = (this.fingerprint >>> 0).toString(16).padStart(8, '0');
    const verdict = this.broken === 0 ? 'no violation' : `${this.broken} with a violation`;
    print(`${inWords(this.steps)} steps, ${inWords(perSecond)} a second`);
    print(`${inWords(this.admitted)} admitted, ${inWords(this.lost)} of them lost with Redis before they were decided`);
    print(`seeds ${this.firstSeed} to ${this.nextSeed - 1}: histories ${hash}, ${verdict}`);
  }
}

function inWords(count: number): string {
  return Math.round(count).toLocaleString('en');
}
