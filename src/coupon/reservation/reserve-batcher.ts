import type { CouponDefinition } from './coupon-definition.js';
import type { Reservation } from './reservation.js';

/** One user who asks for a slot. */
export interface ReserveRequest {
  readonly userId: number;
  /** By `ReservationMetrics.now()`. */
  readonly askedAt: number;
}

/**
 * Decides about some users of one coupon: for each of them, in the same order, the reservation or why there is none.
 */
export type Decide = (
  definition: CouponDefinition,
  asking: readonly ReserveRequest[],
  always: boolean,
) => Promise<ReadonlyArray<Reservation | Error>>;

interface Waiting extends ReserveRequest {
  readonly resolve: (reservation: Reservation) => void;
  readonly reject: (reason: unknown) => void;
}

/** Short enough for Redis not to be busy with one script for longer than a fraction of a millisecond. */
const MAX_USERS = 200;

/**
 * Brings together the users who ask for a coupon in one turn of the event loop, so that they share one script call: a
 * command costs this process and Redis more than the decision about one more user in it. Nobody waits for a timer.
 */
export class ReserveBatcher {
  private readonly ordinary = new Map<number, Waiting[]>();
  private readonly always = new Map<number, Waiting[]>();

  constructor(private readonly decide: Decide) {}

  /**
   * The user's reservation; @throws the reason why there is none. `always` is for who ignores the window and the pause.
   */
  ask(definition: CouponDefinition, { userId, askedAt }: ReserveRequest, always: boolean): Promise<Reservation> {
    return new Promise((resolve, reject) => {
      const open = always ? this.always : this.ordinary;
      const { couponId } = definition;
      let batch = open.get(couponId);
      if (batch === undefined) {
        const opened: Waiting[] = [];
        batch = opened;
        open.set(couponId, opened);
        setImmediate(() => {
          if (open.get(couponId) === opened) open.delete(couponId);
          void this.flush(definition, opened, always);
        });
      }
      batch.push({ userId, askedAt, resolve, reject });
      if (batch.length >= MAX_USERS) open.delete(couponId);
    });
  }

  private async flush(definition: CouponDefinition, batch: readonly Waiting[], always: boolean): Promise<void> {
    try {
      const outcomes = await this.decide(definition, batch, always);
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index] ?? new Error('a user was left without a decision');
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
