import { Injectable } from '@nestjs/common';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { reservationKeys as keys, scriptKeys } from './reservation-keys.js';
import type { Refusal } from './reservation.js';
import { ReserveBreakers } from './reserve-breakers.js';
import { SeenNumbers } from './seen-numbers.js';

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
  constructor(
    private readonly redis: RedisConnection,
    private readonly breakers: ReserveBreakers,
    private readonly seen: SeenNumbers,
  ) {}

  /**
   * Asks for a slot for each of the users, in one call: for each, in the same order, the sequence number, or why not.
   * `ignoreWindow` ignores the pause, too. The command is sent once at most: when this throws, the users may hold
   * reservations all the same, which the sweep will find.
   *
   * @throws RedisUnavailableError when Redis can't be asked, and when fewer than `redis.waitReplicas` replicas have in
   *   time what it answered
   */
  async reserve(
    couponId: number,
    userIds: readonly number[],
    { ignoreWindow = false } = {},
  ): Promise<Array<number | Refusal>> {
    const key = keys.state(couponId);
    const answers = await this.breakers.ask(key, (client) =>
      client.reserveCoupon(
        ...scriptKeys(couponId),
        this.seen.greatestOf(couponId),
        ignoreWindow ? '1' : '0',
        ...userIds,
      ),
    );
    const greatest = Math.max(...answers);
    this.seen.see(couponId, greatest);
    // Whoever is refused here has nothing that could be lost.
    if (greatest > 0) await this.redis.replicated(key);
    return answers.map((answer) => (answer > 0 ? answer : refusalOf(answer)));
  }
}

function refusalOf(answer: number): Refusal {
  const refusal = REFUSALS[answer];
  if (refusal === undefined) throw new Error(`reserve-coupon.lua answered ${answer}`);
  return refusal;
}
