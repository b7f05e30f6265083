import { appendFileSync } from 'node:fs';
import type { Answer, ApiClient, ReservationBody } from './api-client.js';
import { tally } from './api-client.js';
import { SteadyLoad } from './steady-load.js';

/** Many enough that an instance, or a server, always has some of them in its hands when it fails. */
export const CALLERS = 24;

interface Heard {
  readonly answer: Answer<ReservationBody>;
  /** By the clock of this process, in ms. */
  readonly at: number;
}

/** New users, many at once, who look at a coupon and then reserve it, from the construction until {@link leave}. */
export class Callers {
  /** What was heard by those who looked. */
  readonly looks: Array<Answer<unknown>> = [];
  /** What was heard by those who reserved after {@link areLater}. */
  readonly later: Array<Answer<ReservationBody>> = [];
  private readonly heard: Heard[] = [];
  private isLater = false;
  private readonly load: SteadyLoad<ReservationBody>;

  constructor(
    private readonly api: ApiClient,
    readonly couponId: number,
    { atOnce = CALLERS } = {},
  ) {
    this.load = new SteadyLoad((userId) => this.ask(userId), { atOnce });
  }

  /** Whoever asks from now on is one of the later ones. */
  areLater(): void {
    this.isLater = true;
  }

  /** Resolves when so many more hold a slot. */
  async accepted(count: number): Promise<void> {
    await this.load.sees('200', count);
  }

  /** Nobody asks any more; resolves with what was heard by those who reserved. */
  async leave(): Promise<Array<Answer<ReservationBody>>> {
    return await this.load.stop();
  }

  /**
   * Adds what this fault cost to the file that FAULT_FIGURES names, as a line of JSON; nothing when it names none. Tests
   * assert none of it: how long something takes depends on the machine.
   */
  tell(fault: string): void {
    const file = process.env['FAULT_FIGURES'];
    if (!file) return;
    appendFileSync(
      file,
      `${JSON.stringify({ fault, longestGapMs: this.longestGapMs, ...tally(this.load.answers) })}\n`,
    );
  }

  /** The longest time without anybody who was accepted. */
  private get longestGapMs(): number {
    const times = this.heard.filter(({ answer }) => answer.status === 200).map(({ at }) => at);
    return Math.round(Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] as number))));
  }

  private async ask(userId: number): Promise<Answer<ReservationBody>> {
    this.looks.push(await this.api.coupon(this.couponId));
    const { isLater } = this;
    const answer = await this.api.reserve(this.couponId, userId);
    this.heard.push({ answer, at: performance.now() });
    if (isLater) this.later.push(answer);
    return answer;
  }
}
