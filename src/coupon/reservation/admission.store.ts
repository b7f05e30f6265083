import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { ReservationConnection } from './reservation-connection.js';
import { scriptKeys } from './reservation-keys.js';
import type { Refusal } from './reservation.js';
import { ReserveBreaker } from './reserve-breaker.js';

const REFUSALS: Readonly<Record<number, Refusal>> = {
  [-1]: 'NOT_LOADED',
  [-2]: 'INACTIVE',
  [-3]: 'NOT_STARTED',
  [-4]: 'EXPIRED',
  [-5]: 'ALREADY_RESERVED',
  [-6]: 'SOLD_OUT',
};

/** Admits users: the one place from which reserves are sent. */
@Injectable()
export class AdmissionStore {
  private readonly breaker: ReserveBreaker;

  constructor(
    private readonly redis: ReservationConnection,
    @Inject(CONFIG) { redis: { breaker } }: Config,
  ) {
    this.breaker = new ReserveBreaker({ ...breaker, probe: () => redis.ping() });
  }

  /** True while no reserve is sent, because Redis did not answer lately. */
  get isBreakerOpen(): boolean {
    return this.breaker.isOpen;
  }

  /**
   * Asks for a slot for each of the users, in one call: for each, in the same order, the sequence number, or why not.
   * `always` ignores the window and the pause. The command is sent once at most: when this throws, the users may hold
   * reservations all the same, which the sweep will find.
   *
   * @throws RedisUnavailableError when Redis can't be asked
   */
  async reserve(
    couponId: number,
    userIds: readonly number[],
    { always = false } = {},
  ): Promise<Array<number | Refusal>> {
    const answers = await this.breaker.run(() => this.send(couponId, userIds, always));
    return answers.map((answer) => (answer > 0 ? answer : refusalOf(answer)));
  }

  private async send(couponId: number, userIds: readonly number[], always: boolean): Promise<number[]> {
    const runId = this.redis.requireRunId();
    return await this.redis.ask((client) =>
      client.reserveCoupon(...scriptKeys(couponId), runId, always ? '1' : '0', ...userIds),
    );
  }
}

function refusalOf(answer: number): Refusal {
  const refusal = REFUSALS[answer];
  if (refusal === undefined) throw new Error(`reserve-coupon.lua answered ${answer}`);
  return refusal;
}
