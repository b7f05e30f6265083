/** What a user asked for, and who waits for the answer. */
interface Asked {
  readonly userId: number;
  readonly resolve: (answer: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Sends the reservations of some users of one coupon, and answers for each of them in the same order. */
export type SendReserve = (couponId: number, userIds: readonly number[], always: boolean) => Promise<number[]>;

/** Short enough for Redis not to be busy with one script for longer than a fraction of a millisecond. */
const MOST_USERS = 200;

/**
 * Brings together the reservations of a coupon that arrive in one turn of the event loop, so that they share one script
 * call: a command costs this process and Redis more than the decision about one more user in it. Nobody waits for a timer.
 */
export class ReserveBatcher {
  private readonly open = new Map<string, Asked[]>();

  constructor(private readonly send: SendReserve) {}

  /** The script's answer for this user. */
  async ask(couponId: number, userId: number, always: boolean): Promise<number> {
    return await new Promise((resolve, reject) => {
      const key = always ? `${couponId}!` : `${couponId}`;
      let batch = this.open.get(key);
      if (batch === undefined) {
        const opened: Asked[] = [];
        batch = opened;
        this.open.set(key, opened);
        setImmediate(() => {
          if (this.open.get(key) === opened) this.open.delete(key);
          void this.flush(couponId, opened, always);
        });
      }
      batch.push({ userId, resolve, reject });
      if (batch.length >= MOST_USERS) this.open.delete(key);
    });
  }

  private async flush(couponId: number, batch: readonly Asked[], always: boolean): Promise<void> {
    try {
      const answers = await this.send(
        couponId,
        batch.map(({ userId }) => userId),
        always,
      );
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error('reserve-coupon.lua answered for fewer users than asked'));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
